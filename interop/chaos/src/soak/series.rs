//! A series of samples, and the test whether it grows: the median of the last third is compared with the median of the
//! first third. Outliers and a sawtooth do not change the medians.

use std::time::Duration;

/// Samples of one quantity.
#[derive(Clone, Debug)]
pub struct Series {
    name: &'static str,
    /// The time in seconds and the value of each sample.
    samples: Vec<(f64, f64)>,
}

/// The growth of a quantity that is allowed over the samples of a run: the sum of both fields.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Growth in units of the quantity.
    pub absolute: f64,
    /// Growth in percent of the median.
    pub percent: f64,
}

impl Series {
    /// Creates a series without samples.
    pub fn new(name: &'static str) -> Self {
        Self { name, samples: Vec::new() }
    }

    /// Adds a sample; values above 2^32 count as 2^32.
    pub fn add(&mut self, at: Duration, value: u64) {
        self.samples.push((at.as_secs_f64(), f64::from(u32::try_from(value).unwrap_or(u32::MAX))));
    }

    /// Compares the growth with its limit. Returns a line with the figures.
    ///
    /// # Errors
    /// The line, if the quantity grew above its limit, or if there are too few samples.
    pub fn judge(&self, limit: Limit) -> Result<String, String> {
        if self.samples.len() < SAMPLES_MIN {
            return Err(format!(
                "{}: only {} samples, expected {SAMPLES_MIN}",
                self.name,
                self.samples.len()
            ));
        }
        let (median, growth) = (self.median(), self.growth());
        let allowed = limit.absolute + median * limit.percent / 100.0;
        let line = format!(
            "{}: median {median:.0}, growth {growth:.1} of at most {allowed:.1}, {:.1} per hour",
            self.name,
            self.slope()
        );
        if growth > allowed { Err(format!("GROWS: {line}")) } else { Ok(line) }
    }

    /// Returns the median of the last third minus the median of the first third.
    fn growth(&self) -> f64 {
        let third = self.samples.len() / 3;
        let last = self.samples.get(self.samples.len() - third..).unwrap_or_default();
        median_of(last) - median_of(self.samples.get(..third).unwrap_or_default())
    }

    /// Returns the growth per hour. The middle of the last third is two thirds of the time after the middle of the
    /// first.
    fn slope(&self) -> f64 {
        let ends = self.samples.first().zip(self.samples.last());
        let hours = ends.map_or(0.0, |(first, last)| last.0 - first.0) / 3600.0;
        self.growth() / (hours * 2.0 / 3.0)
    }

    fn median(&self) -> f64 {
        median_of(&self.samples)
    }
}

fn median_of(samples: &[(f64, f64)]) -> f64 {
    let mut values: Vec<_> = samples.iter().map(|sample| sample.1).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

const SAMPLES_MIN: usize = 20;

#[cfg(test)]
mod tests;
