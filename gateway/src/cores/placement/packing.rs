//! Decides when a busy core gives connections to another core, and when two cores are merged. It reads no clock and no load: both
//! are passed in.

use std::time::{Duration, Instant};

use tidegate_broker::CoreId;

/// The load that a decision is based on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) at: Instant,
    /// The share of the recent time during which each core was busy, from 0 to 1.
    pub(super) shares: &'a [f64],
    /// Number of idle processors; `None` if not known yet.
    pub(super) idle: Option<f64>,
}

/// A change of the placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Half of the active connections move from one core to another.
    Spill { from: CoreId, to: CoreId },
    /// All active connections move, and `from` gets no new ones.
    Merge { from: CoreId, to: CoreId },
}

/// Which cores are in use, and the times on which the next decision depends.
#[derive(Debug)]
pub(super) struct Packing {
    in_use: Vec<bool>,
    /// Since when the load of the two least busy cores has been low enough to merge them.
    low_load_since: Option<Instant>,
    last_spill: Option<Instant>,
    /// Minimum time from the last spill to the next one between cores that are in use already.
    spill_backoff: Duration,
}

impl Packing {
    /// At first only core 0 is in use. It always stays in use.
    pub(super) fn new(cores: usize) -> Self {
        let in_use = (0..cores).map(|core| core == 0).collect();
        Self { in_use, low_load_since: None, last_spill: None, spill_backoff: SPILL_BACKOFF_MIN }
    }

    pub(super) fn is_in_use(&self, core: CoreId) -> bool {
        self.in_use.get(core.0).copied().unwrap_or_default()
    }

    /// Decides whether the placement changes. The caller must carry out the decision.
    pub(super) fn decide(&mut self, sample: &Sample<'_>) -> Option<Decision> {
        self.decide_merge(sample).or_else(|| self.decide_spill(sample))
    }

    /// Merges the two least busy cores when their combined load has been low for a while.
    fn decide_merge(&mut self, sample: &Sample<'_>) -> Option<Decision> {
        let (from, from_share) = self.least_busy(sample, |core| core != CoreId(0))?;
        let (to, to_share) = self.least_busy(sample, |core| core != from)?;
        if from_share + to_share >= MERGE_BELOW {
            self.low_load_since = None;
            return None;
        }
        let since = *self.low_load_since.get_or_insert(sample.at);
        if sample.at.saturating_duration_since(since) < MERGE_AFTER {
            return None;
        }
        self.low_load_since = None;
        self.spill_backoff = SPILL_BACKOFF_MIN;
        self.set_in_use(from, false);
        Some(Decision::Merge { from, to })
    }

    /// Whether a core would spill if a processor were idle.
    pub(super) fn would_spill(&self, sample: &Sample<'_>) -> bool {
        self.spill_candidate(sample).is_some()
    }

    /// Lets the busiest core spill to a core in use that has room, otherwise to an unused one, if enough of a processor is idle.
    fn decide_spill(&mut self, sample: &Sample<'_>) -> Option<Decision> {
        let (from, to) = self.spill_candidate(sample)?;
        sample.idle.filter(|idle| *idle >= IDLE_PROCESSORS_MIN)?;
        if self.is_in_use(to) {
            // Moving does not help if a single connection keeps a core busy.
            self.spill_backoff = (self.spill_backoff * 2).min(SPILL_BACKOFF_MAX);
        }
        self.set_in_use(to, true);
        self.last_spill = Some(sample.at);
        Some(Decision::Spill { from, to })
    }

    /// The core that would spill, and the core that would receive its connections.
    fn spill_candidate(&self, sample: &Sample<'_>) -> Option<(CoreId, CoreId)> {
        let busiest = self.cores_in_use(sample).max_by(|(_, one), (_, other)| one.total_cmp(other));
        let (from, _) = busiest.filter(|(_, share)| *share > SPILL_ABOVE)?;
        let since = self.last_spill.map(|last| sample.at.saturating_duration_since(last));
        if since.is_some_and(|since| since < SPILL_INTERVAL_MIN) {
            return None;
        }
        let unused = self.in_use.iter().position(|in_use| !in_use).map(CoreId);
        let with_room =
            self.least_busy(sample, |core| core != from).filter(|(_, share)| *share < HAS_ROOM_BELOW);
        match with_room {
            Some((core, _)) => since.is_none_or(|since| since >= self.spill_backoff).then_some((from, core)),
            None => unused.map(|core| (from, core)),
        }
    }

    fn cores_in_use<'a>(&'a self, sample: &'a Sample<'_>) -> impl Iterator<Item = (CoreId, f64)> + 'a {
        let shares = sample.shares.iter().copied().enumerate().map(|(core, share)| (CoreId(core), share));
        shares.filter(|(core, _)| self.is_in_use(*core))
    }

    fn least_busy(
        &self,
        sample: &Sample<'_>,
        is_candidate: impl Fn(CoreId) -> bool,
    ) -> Option<(CoreId, f64)> {
        self.cores_in_use(sample)
            .filter(|(core, _)| is_candidate(*core))
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    fn set_in_use(&mut self, core: CoreId, in_use: bool) {
        if let Some(used) = self.in_use.get_mut(core.0) {
            *used = in_use;
        }
    }
}

/// A core that is busy for more than this share of the time spills.
const SPILL_ABOVE: f64 = 0.85;
/// Number of processors that must be idle for a spill; with less, another core would gain nothing.
const IDLE_PROCESSORS_MIN: f64 = 0.4;
/// A core in use that is busy for less than this share receives connections of a busy core.
const HAS_ROOM_BELOW: f64 = 0.5;
/// Two cores are merged if the sum of their busy shares is lower than this.
const MERGE_BELOW: f64 = 0.4;
/// How long that sum must stay lower before the cores are merged.
const MERGE_AFTER: Duration = Duration::from_secs(2);
/// Minimum time between two spills: the first must take effect before the load is judged again.
const SPILL_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Minimum time between two spills to a core that is already in use. It doubles with each of them, up to the maximum.
const SPILL_BACKOFF_MIN: Duration = Duration::from_secs(2);
const SPILL_BACKOFF_MAX: Duration = Duration::from_secs(64);

#[cfg(test)]
mod tests;
