//! Records the bytes that the clients of one test send and receive. The bytes are printed if the test fails.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The recorded lines of one test, shared by its clients.
#[derive(Clone, Default)]
pub(crate) struct Transcript(Arc<Mutex<Vec<String>>>);

impl Transcript {
    /// Records the bytes that a client sent or received. `event` is `>` for sent and `<` for received bytes, or
    /// describes another event.
    pub(crate) fn note(&self, client: &str, event: &str, bytes: &[u8]) {
        let mut line = format!("{client} {event}");
        for byte in bytes.iter().take(BYTES_PER_LINE_MAX) {
            let _ = write!(line, " {byte:02x}");
        }
        if bytes.len() > BYTES_PER_LINE_MAX {
            let _ = write!(line, " … {} bytes", bytes.len());
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// Returns the last [`PRINTED_LINES_MAX`] recorded lines.
    pub(crate) fn tail(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines[lines.len().saturating_sub(PRINTED_LINES_MAX)..].join("\n      ")
    }
}

const BYTES_PER_LINE_MAX: usize = 48;
const PRINTED_LINES_MAX: usize = 30;
