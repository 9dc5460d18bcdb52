//! For tests with threads: a flag that is raised when its thread comes to an end, by a panic too. Whoever goes on
//! until then ends as well, so that a test fails instead of hanging.

use std::sync::atomic::{AtomicBool, Ordering};

/// The flag.
#[derive(Default)]
pub(crate) struct FinishedFlag(AtomicBool);

/// Raises the flag when it goes.
#[must_use = "the flag is raised as soon as this is dropped"]
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
