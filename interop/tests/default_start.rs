//! Tests `tidegate serve` without a configuration: the broker listens on the default loopback port of every transport.
//! The broker creates a development certificate, which clients trust with the option `--ca`.

#![allow(clippy::expect_used, clippy::panic)]

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::{serve, wait_until_ready};
use tidegate_interop::process::{EVENT_TIMEOUT, Process};
use tidegate_interop::toolbox;

const URLS: [&str; 5] = [
    "mqtt://localhost",
    "mqtts://localhost",
    "ws://localhost:8083/mqtt",
    "wss://localhost:8084/mqtt",
    "quic://localhost",
];

#[test]
fn every_transport_works_without_a_configuration() {
    if !default_ports_are_free() {
        eprintln!("skipped: another program uses one of the default ports");
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let broker = serve(None, folder.path());
    wait_until_ready(&broker);
    let line = broker.wait_for_error(|line| line.contains("\"ca\""), "the path of the certificate authority");
    let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
    let authority = text_field(&line, "ca").expect("the path of the certificate authority");
    for url in URLS {
        let mut publish = client("pub", url, authority);
        let _ = Process::start("pub", publish.args(["-t", "a", "-m", url, "-q", "1", "--retain"]))
            .expect_success();
        let mut subscribe = client("sub", url, authority);
        let exit = Process::start("sub", subscribe.args(["-t", "a", "-C", "1"])).expect_success();
        assert_eq!(exit.output, [url]);
    }
    broker.terminate();
    assert_eq!(broker.wait_for_exit(EVENT_TIMEOUT).status.code(), Some(0));
}

fn client(command: &str, url: &str, authority: &str) -> Command {
    let mut client = Command::new(toolbox::broker());
    client.args([command, "--url", url, "--ca", authority]);
    client
}

/// Returns a text field of a JSON log line, from its top level or from its object `fields`.
fn text_field<'a>(line: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    line.get(name).or_else(|| line.get("fields")?.get(name))?.as_str()
}

fn default_ports_are_free() -> bool {
    let tcp = [1883, 8883, 8083, 8084].map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    tcp.iter().all(Result::is_ok) && UdpSocket::bind((Ipv4Addr::LOCALHOST, 14567)).is_ok()
}
