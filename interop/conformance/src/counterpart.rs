//! Debian's mosquitto as the broker under test: a proof that the tests can fail.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tidegate_interop::config::free_port;
use tidegate_interop::process::Process;

use crate::link::{Endpoint, Trust};

/// Another broker as a process of ours, over TCP.
pub(crate) struct Counterpart {
    pub(crate) endpoint: Arc<Endpoint>,
    /// Its name and version.
    pub(crate) label: String,
    _process: Process,
    _folder: TempDir,
}

impl Counterpart {
    /// Starts mosquitto as it comes, for anonymous clients on loopback.
    pub(crate) fn mosquitto() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let file = folder.path().join("mosquitto.conf");
        let lines = format!("listener {port} 127.0.0.1\nallow_anonymous true\n");
        fs::write(&file, lines).expect("a configuration file");
        let process = Process::start("mosquitto", Command::new("mosquitto").arg("-c").arg(&file));
        let line = process.wait_for_error(|line| line.ends_with(" running"), "line that it runs");
        let version = line
            .split_whitespace()
            .find(|word| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.'));
        let label = format!("Mosquitto {}", version.unwrap_or("of an unknown version"));
        let url = format!("mqtt://127.0.0.1:{port}");
        let endpoint = Endpoint::parse(&url, Trust::nobody()).expect("the URL of a test");
        Self { endpoint: Arc::new(endpoint), label, _process: process, _folder: folder }
    }
}

/// Statements that Debian's mosquitto 2.0 is known to fail. A run that does not find them is no good.
pub(crate) const KNOWN_TO_FAIL: &[&str] = &[];
