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
        let lines = format!("listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n");
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
pub(crate) const KNOWN_TO_FAIL: &[&str] = &[
    // No 0x8E at takeover, and no will.
    "MQTT5-3.1.4-3",
    "MQTT3-3.1.4-2",
    // PUBLISH above the client's maximum packet size; $share//t; reasons that are not listed.
    "MQTT5-3.1.2-24",
    "MQTT5-4.8.2-1",
    "MQTT5-3.4.2-1",
    "MQTT5-3.7.2-1",
    // No Local on a shared subscription; a client's subscription identifier; too many open messages.
    "MQTT5-3.8.3-4",
    "MQTT5-3.3.4-6",
    "MQTT5-3.3.4-7",
    // A repeated QoS 2 PUBLISH ends the connection; the QoS of overlapping filters.
    "MQTT5-4.3.3-10",
    "MQTT3-3.3.5-1",
];

/// Statements that it keeps. A run in which one of them fails did not see the broker at its work.
pub(crate) const KNOWN_TO_PASS: &[&str] = &[
    "MQTT5-3.1.4-5",
    "MQTT3-3.1.4-4",
    "MQTT5-3.12.4-1",
    "MQTT3-3.12.4-1",
    "MQTT5-3.3.4-1",
    "MQTT3-3.3.4-1",
    "MQTT5-3.8.4-1",
];
