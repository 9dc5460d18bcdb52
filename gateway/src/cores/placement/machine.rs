//! How many of the processors that this process may use are idle. The load of other processes counts.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::ClockId;

use super::meter::processor_time;

/// Reads the idle time of the processors. The result is a difference, so it takes two readings.
#[derive(Debug, Default)]
pub(super) struct Machine {
    last: Option<Reading>,
    allowed: Option<Allowed>,
}

/// The processors that the process may use, determined at the first reading.
#[derive(Debug, Clone)]
struct Allowed {
    /// Numbers of the processors; empty if unknown.
    processors: Vec<usize>,
    /// Number of processors that the process may use on average, which a quota can limit.
    count: f64,
}

#[derive(Debug)]
struct Reading {
    at: Instant,
    /// Processor time that this process has used.
    used: Duration,
    /// Idle time of the allowed processors; `None` if unknown.
    idle: Option<Duration>,
}

impl Machine {
    /// How many processors another core could have used since the last reading; `None` at the first reading.
    /// `used_by_cores`: how many processors the cores of this process used.
    pub(super) fn spare_processors(&mut self, now: Instant, used_by_cores: f64) -> Option<f64> {
        let allowed = self.allowed.get_or_insert_with(Allowed::find);
        let idle =
            fs::read_to_string("/proc/stat").ok().and_then(|text| idle_time(&text, &allowed.processors));
        let reading = Reading { at: now, used: processor_time(ClockId::ProcessCPUTime), idle };
        let count = allowed.count;
        self.last
            .replace(reading)
            .zip(self.last.as_ref())
            .map(|(last, current)| current.spare_processors_since(&last, count, used_by_cores))
    }

    /// Drops the last reading: the next one is a first reading.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

impl Allowed {
    fn find() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        // `available_parallelism` takes a quota into account.
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let count = u32::try_from(count).map_or(f64::MAX, f64::from);
        Self { processors: list.map(processors).unwrap_or_default(), count }
    }
}

impl Reading {
    /// How many processors were spare since `last`: the idle ones, at most what the quota of `count` processors leaves, plus
    /// those that this process used outside its cores. The latter run the store's writer thread. It uses whatever is free, for
    /// commits that are as small as possible; with less, it makes larger commits.
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

/// The numbers in a list like `0-3,8`.
fn processors(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// The idle time of the given processors in the text of `/proc/stat`. Time spent waiting for a disk counts as idle.
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
