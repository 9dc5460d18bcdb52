//! How many processors lie idle among those that the process may use, whoever uses the others.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::ClockId;

use super::meter::time_of;

/// The last reading. A difference needs two.
#[derive(Debug, Default)]
pub(super) struct Machine {
    last: Option<Reading>,
    allowed: Option<Allowed>,
}

/// What the process may use, found at the first reading.
#[derive(Debug, Clone)]
struct Allowed {
    /// Numbers of the processors; empty when the system does not say.
    processors: Vec<usize>,
    /// How many a quota leaves of them.
    count: f64,
}

#[derive(Debug)]
struct Reading {
    at: Instant,
    /// Processor time of this process.
    used: Duration,
    /// Idle time of the allowed processors; none where the system does not say.
    idle: Option<Duration>,
}

impl Machine {
    /// The processors that another core could have had since the last reading; `None` at the first. `cores`: what ours had.
    pub(super) fn pooled_buffer(&mut self, now: Instant, cores: f64) -> Option<f64> {
        let allowed = self.allowed.get_or_insert_with(Allowed::find);
        let idle = fs::read_to_string("/proc/stat").ok().and_then(|text| idle_of(&text, &allowed.processors));
        let reading = Reading { at: now, used: time_of(ClockId::ProcessCPUTime), idle };
        let count = allowed.count;
        self.last
            .replace(reading)
            .zip(self.last.as_ref())
            .map(|(last, this)| this.spare_since(&last, count, cores))
    }

    /// Nothing is to be compared with next time.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

impl Allowed {
    fn find() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        // Takes a quota into account.
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let count = u32::try_from(count).map_or(f64::MAX, f64::from);
        Self { processors: list.map(processors).unwrap_or_default(), count }
    }
}

impl Reading {
    /// What the system left idle, and no more than the quota leaves; and what our threads besides the cores had, which is the
    /// store's: it takes what there is, in commits as small as that allows, and less when it gets less.
    fn spare_since(&self, last: &Self, count: f64, cores: f64) -> f64 {
        let elapsed = self.at.saturating_duration_since(last.at).as_secs_f64().max(f64::EPSILON);
        let used = self.used.saturating_sub(last.used).as_secs_f64() / elapsed;
        let left = count - used;
        let idle = match (last.idle, self.idle) {
            (Some(before), Some(after)) => (after.saturating_sub(before).as_secs_f64() / elapsed).min(left),
            _ => left,
        };
        idle + (used - cores).max(0.0)
    }
}

/// The numbers in a list like `0-3,8`.
fn processors(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// The idle time of some processors in the text of `/proc/stat`; waiting for a disk is idle.
fn idle_of(text: &str, processors: &[usize]) -> Option<Duration> {
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

/// The unit of `/proc/stat`, a hundredth of a second on every machine that Linux runs on today.
const TICK_MILLIS: u64 = 10;

#[cfg(test)]
mod tests;
