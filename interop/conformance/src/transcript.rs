//! What the clients of one test sent and received, for when it fails.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The lines of one test, shared by its clients.
#[derive(Clone, Default)]
pub(crate) struct Transcript(Arc<Mutex<Vec<String>>>);

impl Transcript {
    /// Notes bytes of one client.
    pub(crate) fn note(&self, client: &str, what: &str, bytes: &[u8]) {
        let mut line = format!("{client} {what}");
        for byte in bytes.iter().take(BYTES_MAX) {
            let _ = write!(line, " {byte:02x}");
        }
        if bytes.len() > BYTES_MAX {
            let _ = write!(line, " … {} bytes", bytes.len());
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines[lines.len().saturating_sub(LINES_MAX)..].join("\n      ")
    }
}

const BYTES_MAX: usize = 48;
const LINES_MAX: usize = 30;
