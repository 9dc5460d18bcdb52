//! For tests with threads: a flag that is set when its thread ends, even by a panic. Threads that loop until the flag
//! is set then end as well, so that the test fails instead of hanging.

use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is set when the thread that owns its guard ends. Initially unset.
#[derive(Default)]
pub(crate) struct FinishedFlag(AtomicBool);

/// A guard that sets the [`FinishedFlag`] when it is dropped.
#[must_use = "the flag is set as soon as the guard is dropped"]
pub(crate) struct SetOnDrop<'o>(&'o FinishedFlag);

impl FinishedFlag {
    pub(crate) fn set_on_drop(&self) -> SetOnDrop<'_> {
        SetOnDrop(self)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
}
