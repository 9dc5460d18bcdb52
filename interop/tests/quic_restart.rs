//! QUIC clients of a former broker process learn at their first packet that their connection is gone.

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
async fn clients_of_a_killed_broker_are_reset_at_their_first_packet() {
    let mut broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    // Each restart has the same keys.
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
    let took = start.elapsed();
    eprintln!("{count} clients sent within {sent:?} and were reset within {took:?}");
    assert!(!is_measured || took < Duration::from_secs(2), "took {took:?}");
    broker.stop();
}

#[tokio::test]
async fn clients_of_a_stopped_broker_are_closed_in_order() {
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
async fn a_snapshot_does_not_have_the_keys_and_a_restore_leaves_them() {
    let mut broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    let client = within_deadline("CONNACK", QuicClient::connect(&broker, &endpoint)).await;
    let snapshot = broker.file("snapshot");
    store_command("snapshot", &broker, &[]);
    let secret = fs::read(broker.file(KEYS)).expect("the keys");
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
        fs::write(broker.file(KEYS), damaged).expect("a damaged file");
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

/// A full disk, or anything else that keeps the file from being written, does not keep the broker from starting.
#[tokio::test]
async fn keys_that_cannot_be_kept_are_a_warning() {
    for in_their_place in ["mkdir", "mkfifo"] {
        let mut broker = Broker::start();
        broker.kill();
        fs::remove_file(broker.file(KEYS)).expect("keys");
        let status = Command::new(in_their_place).arg(broker.file(KEYS)).status().expect("a command");
        assert!(status.success(), "{in_their_place}");
        broker.restart();
        let log = broker.log().text();
        assert!(log.lines().any(|line| line.contains("quic.keys") && line.contains("WARN")), "{log}");
        assert_serves(&broker).await;
        broker.stop();
    }
}

#[tokio::test]
async fn without_a_store_nothing_is_kept() {
    let broker = Broker::start_with(Config::every_transport().with("persistence:\n  durability: memory\n"));
    assert_serves(&broker).await;
    assert!(!broker.file("data/store").exists());
    broker.stop();
}

/// A client connects, and closes its connection.
async fn assert_serves(broker: &Broker) {
    let endpoint = quic::endpoint(broker);
    let client = within_deadline("CONNACK", QuicClient::connect(broker, &endpoint)).await;
    client.connection.close(0_u32.into(), b"");
    within_deadline("the end of the connection", endpoint.wait_idle()).await;
}

/// The client sends, and then its connection ends. It would otherwise last for many minutes.
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

const KEYS: &str = "data/store/quic.keys";
/// Number of clients; with it, the time until all are reset is checked.
const COUNT_VARIABLE: &str = "TIDEGATE_QUIC_CLIENTS";
