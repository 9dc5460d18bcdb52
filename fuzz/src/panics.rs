//! Catches panics together with their messages and locations, which `catch_unwind` alone does not return.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::{fmt, thread};

/// A panic that was caught.
#[derive(Debug, Clone, Default)]
pub struct Panic {
    /// File, line and column of the panic.
    pub location: String,
    /// The message.
    pub message: String,
}

thread_local! {
    static LAST_PANIC: RefCell<Panic> = RefCell::default();
}

/// Records panics of all threads instead of printing them, until the value is dropped.
#[derive(Debug)]
pub struct Recorder(());

impl Recorder {
    /// Installs the panic hook that records panics.
    #[must_use]
    pub fn install() -> Self {
        panic::set_hook(Box::new(|info| {
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("a panic without a message").to_owned();
            LAST_PANIC.set(Panic { location, message });
        }));
        Self(())
    }

    /// Runs `work`. Returns the panic, if `work` panics.
    pub fn catch(&self, work: impl FnOnce()) -> Option<Panic> {
        panic::catch_unwind(AssertUnwindSafe(work)).is_err().then(|| LAST_PANIC.take())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The panic hook cannot be changed during a panic.
        if !thread::panicking() {
            drop(panic::take_hook());
        }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  ({})", self.message, self.location)
    }
}
