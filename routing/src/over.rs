//! For tests with threads: a flag that is raised when its thread comes to an end, by a panic too. Whoever goes on
//! until then ends as well, so that a test fails instead of hanging.

use std::sync::atomic::{AtomicBool, Ordering};

/// The flag.
#[derive(Default)]
pub(crate) struct Over(AtomicBool);

/// Raises the flag when it goes.
#[must_use = "the flag is raised as soon as this is dropped"]
pub(crate) struct RaiseAtEnd<'o>(&'o Over);

impl Over {
    pub(crate) fn raise_at_end(&self) -> RaiseAtEnd<'_> {
        RaiseAtEnd(self)
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for RaiseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
}
