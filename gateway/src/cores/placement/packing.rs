//! When connections go to another core, and when they come back: a function of what was measured, and of the time it is given.

use std::time::{Duration, Instant};

use tidegate_broker::CoreId;

/// What is known at one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) at: Instant,
    /// How busy each core was lately: 1 is always.
    pub(super) shares: &'a [f64],
    /// Processors that lie idle; `None` when that is not known yet.
    pub(super) idle: Option<f64>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Half of what keeps a core busy goes to another.
    Spill { from: CoreId, to: CoreId },
    /// All of it goes, and nothing new comes.
    Return { from: CoreId, to: CoreId },
}

/// Which cores are in use, and since when things are as they are.
#[derive(Debug)]
pub(super) struct Packing {
    in_use: Vec<bool>,
    calm_since: Option<Instant>,
    /// The last spill, and how long it has to stand before the next between cores that are in use already.
    spilled: Option<Instant>,
    patience: Duration,
}

impl Packing {
    /// The first core is in use, for good.
    pub(super) fn new(cores: usize) -> Self {
        let in_use = (0..cores).map(|core| core == 0).collect();
        Self { in_use, calm_since: None, spilled: None, patience: PATIENCE_MIN }
    }

    pub(super) fn is_in_use(&self, core: CoreId) -> bool {
        self.in_use.get(core.0).copied().unwrap_or_default()
    }

    /// Decides, and takes it that the decision is carried out.
    pub(super) fn look(&mut self, sample: &Sample<'_>) -> Option<Decision> {
        self.come_back(sample).or_else(|| self.spill(sample))
    }

    /// The two least busy cores become one when they have been little to do together for a while.
    fn come_back(&mut self, sample: &Sample<'_>) -> Option<Decision> {
        let (from, pooled_buffer) = self.least_busy(sample, |core| core != CoreId(0))?;
        let (to, other) = self.least_busy(sample, |core| core != from)?;
        if pooled_buffer + other >= CALM {
            self.calm_since = None;
            return None;
        }
        let since = *self.calm_since.get_or_insert(sample.at);
        if sample.at.saturating_duration_since(since) < RETURN_AFTER {
            return None;
        }
        self.calm_since = None;
        self.patience = PATIENCE_MIN;
        self.set_in_use(from, false);
        Some(Decision::Return { from, to })
    }

    /// Whether a core has too much and another could take of it, if there is a processor for that.
    pub(super) fn would_spill(&self, sample: &Sample<'_>) -> bool {
        self.relief(sample).is_some()
    }

    /// The busiest core gives to one that has room, else to one that is not in use, if that has a processor to run on.
    fn spill(&mut self, sample: &Sample<'_>) -> Option<Decision> {
        let (from, to) = self.relief(sample)?;
        sample.idle.filter(|idle| *idle >= SPARE)?;
        if self.is_in_use(to) {
            // One connection that keeps a core busy does so wherever it is.
            self.patience = (self.patience * 2).min(PATIENCE_MAX);
        }
        self.set_in_use(to, true);
        self.spilled = Some(sample.at);
        Some(Decision::Spill { from, to })
    }

    /// Which core would give to which.
    fn relief(&self, sample: &Sample<'_>) -> Option<(CoreId, CoreId)> {
        let busiest = self.used(sample).max_by(|(_, one), (_, other)| one.total_cmp(other));
        let (from, _) = busiest.filter(|(_, share)| *share > BUSY)?;
        let since = self.spilled.map(|spilled| sample.at.saturating_duration_since(spilled));
        if since.is_some_and(|since| since < PAUSE) {
            return None;
        }
        let fresh = self.in_use.iter().position(|in_use| !in_use).map(CoreId);
        let roomy = self.least_busy(sample, |core| core != from).filter(|(_, share)| *share < ROOMY);
        match roomy {
            Some((core, _)) => since.is_none_or(|since| since >= self.patience).then_some((from, core)),
            None => fresh.map(|core| (from, core)),
        }
    }

    fn used<'a>(&'a self, sample: &'a Sample<'_>) -> impl Iterator<Item = (CoreId, f64)> + 'a {
        let shares = sample.shares.iter().copied().enumerate().map(|(core, share)| (CoreId(core), share));
        shares.filter(|(core, _)| self.is_in_use(*core))
    }

    fn least_busy(&self, sample: &Sample<'_>, may_be: impl Fn(CoreId) -> bool) -> Option<(CoreId, f64)> {
        self.used(sample)
            .filter(|(core, _)| may_be(*core))
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    fn set_in_use(&mut self, core: CoreId, in_use: bool) {
        if let Some(used) = self.in_use.get_mut(core.0) {
            *used = in_use;
        }
    }
}

/// Above this share a core has no room.
const BUSY: f64 = 0.85;
/// So much of a processor has to lie idle for another core to be of use.
const SPARE: f64 = 0.4;
/// A core in use below this share takes from a busy one.
const ROOMY: f64 = 0.5;
/// Two cores that are busy less than this, together, become one.
const CALM: f64 = 0.4;
/// For so long they have to be.
const RETURN_AFTER: Duration = Duration::from_secs(2);
/// From one spill to the next: for the first to show.
const PAUSE: Duration = Duration::from_secs(1);
/// The same between cores that are in use, doubled each time up to the greatest.
const PATIENCE_MIN: Duration = Duration::from_secs(2);
const PATIENCE_MAX: Duration = Duration::from_secs(64);

#[cfg(test)]
mod tests;
