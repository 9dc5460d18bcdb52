//! The state that callers and the writer share: the open batch, the number of the last durable commit, and the health.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::batch::Batch;
use super::engine::{Counts, Map};
use super::ids::Ids;
use crate::config::Config;
use crate::store::{Commit, Health, Observer, Stats};

pub(super) struct Shared {
    pub(super) batch: Batch,
    pub(super) ids: Arc<Ids>,
    /// The number of the last durable commit.
    committed: AtomicU64,
    /// Number of commits since the store was opened.
    commits: AtomicU64,
    /// Number of committed operations since the store was opened.
    operations: AtomicU64,
    body_count: AtomicU64,
    /// Number of bodies without entries that were deleted when the store was opened.
    orphans: u64,
    health: Mutex<Health>,
    observer: Arc<dyn Observer>,
}

impl Shared {
    pub(super) fn new(config: &Config, ids: Arc<Ids>, counts: Counts, observer: Arc<dyn Observer>) -> Self {
        Self {
            batch: Batch::new(config),
            ids,
            committed: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            body_count: AtomicU64::new(counts.bodies),
            orphans: counts.orphans,
            health: Mutex::default(),
            observer,
        }
    }

    pub(super) fn latest_commit(&self) -> Commit {
        Commit(self.committed.load(Ordering::Acquire))
    }

    /// Records that everything up to `commit` is durable, and notifies the observer.
    pub(super) fn commit(&self, commit: Commit, operations: u64, body_count: u64) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations, Ordering::Relaxed);
        self.body_count.store(body_count, Ordering::Relaxed);
        self.committed.store(commit.0, Ordering::Release);
        self.observer.on_commit(commit);
    }

    /// Sets the number of bodies on disk.
    pub(super) fn set_body_count(&self, body_count: u64) {
        self.body_count.store(body_count, Ordering::Relaxed);
    }

    pub(super) fn health(&self) -> Health {
        self.health.lock().clone()
    }

    /// Sets the health, and notifies the observer if it has changed.
    pub(super) fn set_health(&self, health: Health) {
        let former = core::mem::replace(&mut *self.health.lock(), health.clone());
        if former == health {
            return;
        }
        match &health {
            Health::Working => tracing::info!(target: PEER, "the store works again"),
            Health::Full(reason) => {
                tracing::warn!(target: PEER, %reason, "the store is full: changes that need space are refused until some is free")
            }
            Health::Failed(reason) => {
                tracing::error!(%reason, "the store failed: nothing is committed any more; fix the cause and restart the broker")
            }
        }
        self.observer.on_health_change(&health);
    }

    pub(super) fn stats(&self, map: &Map) -> Stats {
        let (waiting, retrying, waiting_bytes) = self.batch.waiting();
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let (file_bytes, map_bytes) = map.sizes();
        Stats {
            commits: self.commits.load(Ordering::Relaxed),
            operations: self.operations.load(Ordering::Relaxed),
            waiting: count(waiting),
            retrying: count(retrying),
            waiting_bytes: count(waiting_bytes),
            bodies: self.body_count.load(Ordering::Relaxed),
            file_bytes: count(file_bytes),
            map_bytes: count(map_bytes),
            orphans: self.orphans,
        }
    }
}

/// The target of log lines that peers can cause by filling the store. The broker limits the number of these lines.
const PEER: &str = tidegate_limits::PEER_LOG_TARGET;
