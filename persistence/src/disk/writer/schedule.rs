//! Schedules the actions of the writer that depend on time: syncs at the interval, checkpoints, retries while there is
//! no space, and checks of the files of an idle store.

use std::time::{Duration, Instant};

/// The times at which the writer has to act.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The sync interval; `None` if LMDB syncs each commit.
    interval: Option<Duration>,
    /// The time at which the commits since the last sync have to be synced.
    sync_at: Option<Instant>,
    /// The time at which the log has to be emptied.
    checkpoint_at: Option<Instant>,
    /// The time of the next attempt, and the duration of the wait before it; `None` if nothing is retried.
    retry: Option<(Instant, Duration)>,
    /// The time at which to check that the files are still at their paths.
    presence_at: Option<Instant>,
}

impl Schedule {
    pub(super) fn new(interval: Option<Duration>, now: Instant) -> Self {
        let mut schedule =
            Self { interval, sync_at: None, checkpoint_at: None, retry: None, presence_at: None };
        schedule.presence_verified(now);
        schedule
    }

    /// Returns the next time at which the writer has to act.
    pub(super) fn deadline(&self) -> Option<Instant> {
        // While there is no space, a checkpoint is part of the retry.
        let next = self.retry.map(|(at, _)| at).or(self.checkpoint_at);
        [self.sync_at, self.presence_at, next].into_iter().flatten().min()
    }

    /// Whether there was no space for the last commit, so that the writer waits before it retries.
    pub(super) fn is_retrying(&self) -> bool {
        self.retry.is_some()
    }

    /// Records a commit. If `has_log` is true, the log is not empty, so a checkpoint has to follow.
    pub(super) fn record_commit(&mut self, now: Instant, has_log: bool) {
        if has_log {
            self.checkpoint_at = self.checkpoint_at.or(now.checked_add(CHECKPOINT_DELAY));
        } else {
            self.checkpoint_at = None;
        }
        if let Some(interval) = self.interval {
            self.sync_at = self.sync_at.or(now.checked_add(interval));
        }
    }

    /// Whether a sync is due. With `is_closing`, any commit that is not synced makes a sync due.
    pub(super) fn is_sync_due(&self, now: Instant, is_closing: bool) -> bool {
        self.sync_at.is_some_and(|at| is_closing || at <= now)
    }

    pub(super) fn synced(&mut self) {
        self.sync_at = None;
    }

    pub(super) fn is_checkpoint_due(&self, now: Instant) -> bool {
        self.checkpoint_at.is_some_and(|at| at <= now)
    }

    pub(super) fn checkpointed(&mut self) {
        self.checkpoint_at = None;
    }

    pub(super) fn is_presence_due(&self, now: Instant) -> bool {
        self.presence_at.is_some_and(|at| at <= now)
    }

    pub(super) fn presence_verified(&mut self, now: Instant) {
        self.presence_at = now.checked_add(PRESENCE_INTERVAL);
    }

    pub(super) fn found_no_space(&mut self, now: Instant) {
        let wait = self.retry.map_or(RETRY_WAIT_MIN, |(_, wait)| (wait * 2).min(RETRY_WAIT_MAX));
        self.retry = now.checked_add(wait).map(|at| (at, wait));
    }

    /// Ends the retries. Returns true if there were any.
    pub(super) fn clear_retry(&mut self) -> bool {
        self.retry.take().is_some()
    }
}

/// Maximum time for which a change stays in the log before a checkpoint is due. It limits the work of the next start,
/// and the age of the state that a read-only command sees.
const CHECKPOINT_DELAY: Duration = Duration::from_secs(1);
/// Time between two checks of an idle writer that the files are still at their paths. This time is shorter than a
/// second, so that the removal of a store is detected within a second.
const PRESENCE_INTERVAL: Duration = Duration::from_millis(750);
/// Time before the first retry of a commit for which there was no space. It doubles with each retry, up to
/// `RETRY_WAIT_MAX`.
const RETRY_WAIT_MIN: Duration = Duration::from_millis(100);
/// Maximum time between two attempts: clients wait at most this long for the store after space was freed.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(1);
