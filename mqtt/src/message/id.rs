//! The number that a store knows a message by: given once, when the first session that outlives its connection gets it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that may not have been given yet: then it is 0.
#[derive(Default)]
pub(super) struct MessageId(AtomicU64);

impl MessageId {
    pub(super) fn of(id: u64) -> Self {
        Self(AtomicU64::new(id))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The number; whoever asks first gives it.
    pub(super) fn get_or(&self, next: impl FnOnce() -> u64) -> u64 {
        let known = self.get();
        if known > 0 {
            return known;
        }
        let given = next();
        match self.0.compare_exchange(0, given, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => given,
            Err(other) => other,
        }
    }
}

impl Clone for MessageId {
    fn clone(&self) -> Self {
        Self::of(self.get())
    }
}
