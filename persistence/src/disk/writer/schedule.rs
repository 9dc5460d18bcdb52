//! When the writer acts without being asked to: syncs by interval, trying again while there is no room.

use std::time::{Duration, Instant};

/// The writer's two clocks.
#[derive(Debug)]
pub(super) struct Schedule {
    /// `None`: each commit is a sync.
    interval: Option<Duration>,
    /// When to sync what was committed since the last time.
    sync_at: Option<Instant>,
    /// When to empty the log.
    checkpoint_at: Option<Instant>,
    /// When to try again, and how long that was put off.
    retry: Option<(Instant, Duration)>,
}

impl Schedule {
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self { interval, sync_at: None, checkpoint_at: None, retry: None }
    }

    /// When to act at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        // While there is no room, a checkpoint is part of trying again.
        let next = self.retry.map(|(at, _)| at).or(self.checkpoint_at);
        [self.sync_at, next].into_iter().flatten().min()
    }

    /// Whether there was no room, so that trying again has to wait.
    pub(super) fn is_retrying(&self) -> bool {
        self.retry.is_some()
    }

    /// `logged`: something is in the log.
    pub(super) fn committed(&mut self, now: Instant, logged: bool) {
        if logged {
            self.checkpoint_at = self.checkpoint_at.or(now.checked_add(CHECKPOINT_AFTER));
        } else {
            self.checkpoint_at = None;
        }
        if let Some(interval) = self.interval {
            self.sync_at = self.sync_at.or(now.checked_add(interval));
        }
    }

    /// `last`: there will be no later time.
    pub(super) fn is_sync_due(&self, now: Instant, last: bool) -> bool {
        self.sync_at.is_some_and(|at| last || at <= now)
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

    pub(super) fn found_no_room(&mut self, now: Instant) {
        let wait = self.retry.map_or(RETRY_FIRST, |(_, wait)| (wait * 2).min(RETRY_MAX));
        self.retry = now.checked_add(wait).map(|at| (at, wait));
    }

    /// True once after there was no room.
    pub(super) fn clear_retry(&mut self) -> bool {
        self.retry.take().is_some()
    }
}

/// How long something may be in the log alone.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(1);
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(1);
