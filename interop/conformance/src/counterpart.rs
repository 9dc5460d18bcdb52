//! Runs Debian's mosquitto as the broker under test, to prove that the tests can fail.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tidegate_interop::config::free_port;
use tidegate_interop::process::Process;

use crate::link::{Endpoint, Trust};

/// Another broker, started by this program and tested over TCP.
pub(crate) struct Counterpart {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The broker's name and version.
    pub(crate) label: String,
    _process: Process,
    _folder: TempDir,
}

impl Counterpart {
    /// Starts mosquitto in its default configuration, for anonymous clients on the loopback interface.
    pub(crate) fn mosquitto() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let file = folder.path().join("mosquitto.conf");
        let lines = format!("listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n");
        fs::write(&file, lines).expect("a configuration file");
        let process = Process::start("mosquitto", Command::new("mosquitto").arg("-c").arg(&file));
        let line = process.wait_for_error(|line| line.ends_with(" running"), "line that says it is running");
        let version = line
            .split_whitespace()
            .find(|word| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.'));
        let label = format!("Mosquitto {}", version.unwrap_or("of an unknown version"));
        let url = format!("mqtt://127.0.0.1:{port}");
        let endpoint = Endpoint::parse(&url, Trust::none()).expect("the URL of a test");
        Self { endpoint: Arc::new(endpoint), label, _process: process, _folder: folder }
    }
}

/// Statements that Debian's mosquitto 2.0 is known to break. If the tests of such a statement pass, the suite is at
/// fault.
pub(crate) const KNOWN_TO_FAIL: &[&str] = &[
    // At takeover, mosquitto sends no DISCONNECT 0x8E and publishes no will.
    "MQTT5-3.1.4-3",
    "MQTT3-3.1.4-2",
    // Mosquitto sends PUBLISH packets above the client's Maximum Packet Size, accepts the filter `$share//t`, and sends
    // reason codes that the standard does not list.
    "MQTT5-3.1.2-24",
    "MQTT5-4.8.2-1",
    "MQTT5-3.4.2-1",
    "MQTT5-3.7.2-1",
    // Mosquitto accepts No Local on a shared subscription, a subscription identifier in a client's PUBLISH, and more
    // in-flight messages than its Receive Maximum.
    "MQTT5-3.8.3-4",
    "MQTT5-3.3.4-6",
    "MQTT5-3.3.4-7",
    // Mosquitto closes the connection when it receives a QoS 2 PUBLISH again, and does not use the highest QoS of
    // overlapping filters.
    "MQTT5-4.3.3-10",
    "MQTT3-3.3.5-1",
];

/// Statements that mosquitto is known to follow. If a test of such a statement fails, mosquitto did not run properly.
pub(crate) const KNOWN_TO_PASS: &[&str] = &[
    "MQTT5-3.1.4-5",
    "MQTT3-3.1.4-4",
    "MQTT5-3.12.4-1",
    "MQTT3-3.12.4-1",
    "MQTT5-3.3.4-1",
    "MQTT3-3.3.4-1",
    "MQTT5-3.8.4-1",
];
