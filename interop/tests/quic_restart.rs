//! Tests stateless resets: after a restart, the broker answers the first packet of a QUIC connection of its former
//! process with a reset.

#![allow(clippy::expect_used, clippy::panic)]

use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use quinn::ConnectionError;
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::process::Process;
use tidegate_interop::quic::{self, QuicClient};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::toolbox;

#[tokio::test]
async fn a_client_of_a_killed_broker_is_reset_at_its_first_packet() {
    let mut broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    // The second round checks that the keys are still the same after another restart.
    for _ in 0..2 {
        let client = within_deadline("CONNACK", QuicClient::connect(&broker, &endpoint)).await;
        broker = broker.kill_and_restart();
        assert_reset(client).await;
    }
    broker.stop();
}

#[tokio::test]
async fn all_clients_of_a_killed_broker_are_reset() {
    let count = env::var(COUNT_VARIABLE).ok();
    let is_measured = count.is_some();
    let count = count.map_or(50, |count| count.parse().expect("a number of clients"));
    let mut broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    let mut clients = Vec::new();
    while clients.len() < count {
        clients.push(within_deadline("CONNACK", QuicClient::connect(&broker, &endpoint)).await);
    }
    broker = broker.kill_and_restart();
    let start = Instant::now();
    for client in &mut clients {
        client.ping().await;
    }
    let sent = start.elapsed();
    for client in clients {
        assert_closed_by_reset(&client).await;
    }
    let reset_time = start.elapsed();
    eprintln!("{count} clients sent within {sent:?} and were reset within {reset_time:?}");
    assert!(!is_measured || reset_time < Duration::from_secs(2), "took {reset_time:?}");
    broker.stop();
}

#[tokio::test]
async fn a_stopped_broker_closes_its_quic_connections_without_a_reset() {
    let broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    let client = within_deadline("CONNACK", QuicClient::connect(&broker, &endpoint)).await;
    broker.terminate();
    let error = within_deadline("the end of the connection", client.connection.closed()).await;
    assert!(matches!(error, ConnectionError::ApplicationClosed(_)), "{error}");
    endpoint.wait_idle().await;
    assert!(broker.wait_for_exit().status.success());
}

#[tokio::test]
async fn a_snapshot_does_not_contain_the_keys_and_a_restore_keeps_the_present_keys() {
    let mut broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    let client = within_deadline("CONNACK", QuicClient::connect(&broker, &endpoint)).await;
    let snapshot = broker.file("snapshot");
    store_command("snapshot", &broker, &[]);
    let secret = fs::read(broker.file(KEYS_FILE)).expect("the keys");
    let secret = secret.get(8..40).expect("a secret");
    let copied = fs::read(&snapshot).expect("a snapshot");
    assert!(!copied.windows(secret.len()).any(|bytes| bytes == secret), "the secret is in the snapshot");
    broker.kill();
    store_command("restore", &broker, &["--replace"]);
    broker.restart();
    assert_reset(client).await;
    broker.stop();
}

#[tokio::test]
async fn damaged_keys_are_replaced_with_a_warning() {
    let mut broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    for damaged in [&b""[..], b"tgsecret", &[7; 1000]] {
        broker.kill();
        fs::write(broker.file(KEYS_FILE), damaged).expect("a damaged file");
        broker.restart();
        let log = broker.log().text();
        let warnings: Vec<_> = log.lines().filter(|line| line.contains("quic.keys")).collect();
        assert!(
            matches!(*warnings, [line] if line.contains("WARN") && line.contains("damaged")),
            "{warnings:#?}"
        );
    }
    let client = within_deadline("CONNACK", QuicClient::connect(&broker, &endpoint)).await;
    broker = broker.kill_and_restart();
    assert!(!broker.log().text().contains("quic.keys"), "{}", broker.log().text());
    assert_reset(client).await;
    broker.stop();
}

/// If the key file cannot be written, for example because the disk is full, the broker starts with a warning.
#[tokio::test]
async fn a_broker_whose_keys_cannot_be_stored_starts_with_a_warning() {
    for replacement_command in ["mkdir", "mkfifo"] {
        let mut broker = Broker::start();
        broker.kill();
        fs::remove_file(broker.file(KEYS_FILE)).expect("keys");
        let status =
            Command::new(replacement_command).arg(broker.file(KEYS_FILE)).status().expect("a command");
        assert!(status.success(), "{replacement_command}");
        broker.restart();
        let log = broker.log().text();
        assert!(log.lines().any(|line| line.contains("quic.keys") && line.contains("WARN")), "{log}");
        assert_serves(&broker).await;
        broker.stop();
    }
}

#[tokio::test]
async fn a_broker_without_a_store_writes_no_keys() {
    let broker = Broker::start_with(Config::every_transport().with("persistence:\n  durability: memory\n"));
    assert_serves(&broker).await;
    assert!(!broker.file("data/store").exists());
    broker.stop();
}

/// Checks that a client can connect and close its connection.
async fn assert_serves(broker: &Broker) {
    let endpoint = quic::endpoint(broker);
    let client = within_deadline("CONNACK", QuicClient::connect(broker, &endpoint)).await;
    client.connection.close(0_u32.into(), b"");
    within_deadline("the end of the connection", endpoint.wait_idle()).await;
}

/// Sends PINGREQ and checks that the connection ends with a reset. Without a reset, the client would keep the
/// connection for many minutes.
async fn assert_reset(mut client: QuicClient) {
    client.ping().await;
    assert_closed_by_reset(&client).await;
}

async fn assert_closed_by_reset(client: &QuicClient) {
    let error = within_deadline("a reset", client.connection.closed()).await;
    assert!(matches!(error, ConnectionError::Reset), "{error}");
}

/// Runs `tidegate snapshot` or `tidegate restore` with the file `snapshot` of the broker's folder.
fn store_command(name: &str, broker: &Broker, options: &[&str]) {
    let mut command = Command::new(toolbox::broker());
    command.arg(name).arg(broker.file("snapshot")).arg("--data").arg(broker.file("data")).args(options);
    let _ = Process::start(name, &mut command).expect_success();
}

const KEYS_FILE: &str = "data/store/quic.keys";
/// Environment variable with the number of clients. If it is set, the test also checks the time until all clients are
/// reset.
const COUNT_VARIABLE: &str = "TIDEGATE_QUIC_CLIENTS";
