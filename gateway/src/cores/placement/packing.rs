//! Decides when a busy core gives connections to another core, and when two cores are merged. The caller passes in the
//! time and the load of the cores.

use std::time::{Duration, Instant};

use tidegate_broker::CoreId;

/// The load that a decision is based on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) at: Instant,
    /// The share of the recent time during which each core was busy, from 0 to 1.
    pub(super) shares: &'a [f64],
    /// Number of processors that another core could use; `None` if the number is not known.
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
    /// Whether each core is in use.
    in_use: Vec<bool>,
    /// Since when the load of the two least busy cores has been low enough to merge them.
    low_load_since: Option<Instant>,
    last_spill: Option<Instant>,
    /// Minimum time between two successive spills between cores that are in use already.
    spill_backoff: Duration,
}

impl Packing {
    /// Creates the state at the start: only core 0 is in use. Core 0 always stays in use.
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
        if from_share + to_share >= MERGE_LOAD_MAX {
            self.low_load_since = None;
            return None;
        }
        let since = *self.low_load_since.get_or_insert(sample.at);
        if sample.at.saturating_duration_since(since) < MERGE_DELAY {
            return None;
        }
        self.low_load_since = None;
        self.spill_backoff = SPILL_BACKOFF_MIN;
        self.set_in_use(from, false);
        Some(Decision::Merge { from, to })
    }

    /// Whether a core would spill if enough processor time were idle.
    pub(super) fn would_spill(&self, sample: &Sample<'_>) -> bool {
        self.spill_candidate(sample).is_some()
    }

    /// Lets the busiest core spill to a core in use that has room, or else to an unused core, if enough processor time
    /// is idle.
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

    /// Returns the core that would spill, and the core that would receive its connections.
    fn spill_candidate(&self, sample: &Sample<'_>) -> Option<(CoreId, CoreId)> {
        let busiest = self.cores_in_use(sample).max_by(|(_, one), (_, other)| one.total_cmp(other));
        let (from, _) = busiest.filter(|(_, share)| *share > SPILL_LOAD_MIN)?;
        let since = self.last_spill.map(|last| sample.at.saturating_duration_since(last));
        if since.is_some_and(|since| since < SPILL_INTERVAL_MIN) {
            return None;
        }
        let unused = self.in_use.iter().position(|in_use| !in_use).map(CoreId);
        let with_room =
            self.least_busy(sample, |core| core != from).filter(|(_, share)| *share < LOAD_WITH_ROOM_MAX);
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

/// Share of the time for which a core is busy, from 0 to 1, above which the core spills.
const SPILL_LOAD_MIN: f64 = 0.85;
/// Minimum number of idle processors for a spill. With less, moving connections to another core would gain nothing.
const IDLE_PROCESSORS_MIN: f64 = 0.4;
/// Share of the time for which a core in use is busy, below which the core has room for connections of a busy core.
const LOAD_WITH_ROOM_MAX: f64 = 0.5;
/// Sum of the busy shares of two cores below which the two cores are merged.
const MERGE_LOAD_MAX: f64 = 0.4;
/// How long the sum of their busy shares must stay below `MERGE_LOAD_MAX` before two cores are merged, so that a short
/// pause of the load does not move connections back and forth.
const MERGE_DELAY: Duration = Duration::from_secs(2);
/// Minimum time between two spills, so that the first takes effect before the load is evaluated again.
const SPILL_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Minimum time from the last spill to a spill that moves connections to a core already in use. This time doubles with
/// each spill to a core already in use, up to `SPILL_BACKOFF_MAX`.
const SPILL_BACKOFF_MIN: Duration = Duration::from_secs(2);
/// Maximum of the time described at `SPILL_BACKOFF_MIN`: a load that changes for good is spread within about a minute.
const SPILL_BACKOFF_MAX: Duration = Duration::from_secs(64);

#[cfg(test)]
mod tests;
