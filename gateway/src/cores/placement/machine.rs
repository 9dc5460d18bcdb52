//! Measures how many of the processors that this process may use are idle. A processor on which another process runs is
//! not idle.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::ClockId;

use super::meter::processor_time;

/// Reads the idle time of the processors. The number of idle processors follows from the difference of two readings.
#[derive(Debug, Default)]
pub(super) struct SpareProcessorMeter {
    /// The last reading, unless it was discarded.
    last: Option<ProcessorReading>,
    allowed: Option<AllowedProcessors>,
}

/// The processors that the process may use, determined at the first reading.
#[derive(Debug, Clone)]
struct AllowedProcessors {
    /// Numbers of the processors; empty if unknown.
    processors: Vec<usize>,
    /// Number of processors that the process may use on average, which a quota can limit.
    count: f64,
}

#[derive(Debug)]
struct ProcessorReading {
    at: Instant,
    /// Processor time that this process has used.
    used: Duration,
    /// Idle time of the allowed processors; `None` if unknown.
    idle: Option<Duration>,
}

impl SpareProcessorMeter {
    /// Returns how many processors another core could have used since the last reading; `None` at the first reading.
    /// `used_by_cores` is the number of processors that the cores of this process used.
    pub(super) fn spare_processors(&mut self, now: Instant, used_by_cores: f64) -> Option<f64> {
        let allowed = self.allowed.get_or_insert_with(AllowedProcessors::find);
        let idle =
            fs::read_to_string("/proc/stat").ok().and_then(|text| idle_time(&text, &allowed.processors));
        let reading = ProcessorReading { at: now, used: processor_time(ClockId::ProcessCPUTime), idle };
        let count = allowed.count;
        self.last
            .replace(reading)
            .zip(self.last.as_ref())
            .map(|(last, current)| current.spare_processors_since(&last, count, used_by_cores))
    }

    /// Discards the last reading, so that the next reading counts as the first.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

impl AllowedProcessors {
    fn find() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        // `available_parallelism` takes a quota into account.
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let count = u32::try_from(count).map_or(f64::MAX, f64::from);
        Self { processors: list.map(parse_processor_list).unwrap_or_default(), count }
    }
}

impl ProcessorReading {
    /// Returns the average number of spare processors since the reading `last`. Spare processors are the idle ones, as
    /// far as the quota of `count` processors allows using them, and those that this process used outside its cores:
    /// the store's writer thread makes many small commits if a processor is free, and fewer, larger commits otherwise.
    fn spare_processors_since(&self, last: &Self, count: f64, used_by_cores: f64) -> f64 {
        let elapsed = self.at.saturating_duration_since(last.at).as_secs_f64().max(f64::EPSILON);
        let used = self.used.saturating_sub(last.used).as_secs_f64() / elapsed;
        let left = count - used;
        let idle = match (last.idle, self.idle) {
            (Some(before), Some(after)) => (after.saturating_sub(before).as_secs_f64() / elapsed).min(left),
            _ => left,
        };
        idle + (used - used_by_cores).max(0.0)
    }
}

/// Parses a list of processor numbers, such as `0-3,8`.
fn parse_processor_list(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// Returns the idle time of the given processors from the text of `/proc/stat`. Time spent waiting for a disk counts as
/// idle.
fn idle_time(text: &str, processors: &[usize]) -> Option<Duration> {
    let ticks: Vec<u64> = text.lines().filter_map(|line| idle_ticks(line, processors)).collect();
    let found = !ticks.is_empty();
    found.then(|| Duration::from_millis(ticks.iter().sum::<u64>().saturating_mul(TICK_MILLIS)))
}

fn idle_ticks(line: &str, processors: &[usize]) -> Option<u64> {
    let mut fields = line.strip_prefix("cpu")?.split(' ');
    let number: usize = fields.next()?.parse().ok()?;
    let idle: u64 = fields.nth(3)?.parse().ok()?;
    let waiting: u64 = fields.next()?.parse().ok()?;
    processors.contains(&number).then_some(idle + waiting)
}

/// The time unit of `/proc/stat`: a hundredth of a second on every architecture that Linux supports today.
const TICK_MILLIS: u64 = 10;

#[cfg(test)]
mod tests;
