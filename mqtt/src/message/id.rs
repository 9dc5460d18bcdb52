//! The message id, which identifies a message in a store. The id is assigned when the message is delivered to the first
//! session that outlives its connection.

use std::sync::atomic::{AtomicU64, Ordering};

/// A message id; 0 as long as none is assigned.
#[derive(Default)]
pub(super) struct MessageId(AtomicU64);

impl MessageId {
    pub(super) fn new(id: u64) -> Self {
        Self(AtomicU64::new(id))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns the message id. If none is assigned yet, assigns the id that `next` returns. If several callers do this
    /// at the same time, the first one wins.
    pub(super) fn get_or(&self, next: impl FnOnce() -> u64) -> u64 {
        let assigned_id = self.get();
        if assigned_id > 0 {
            return assigned_id;
        }
        let assigned = next();
        match self.0.compare_exchange(0, assigned, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => assigned,
            Err(other) => other,
        }
    }
}

impl Clone for MessageId {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}
