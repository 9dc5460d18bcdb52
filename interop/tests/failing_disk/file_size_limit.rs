//! Tests a limit on the size of files (`ulimit -f`). When a write exceeds it, the system sends SIGXFSZ, which ends a
//! process that does not handle the signal.

use std::fs;

use tidegate_client::Client;
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::process::{EVENT_TIMEOUT, Process};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, receive_payloads, subscribe};
use tidegate_interop::toolbox;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

use crate::harness::{connect, persistent_client};

/// The data file of a new store has 48 MiB, so with a limit of 50 MiB it can grow by 2 MiB only.
#[tokio::test(flavor = "current_thread")]
async fn a_store_whose_file_reaches_the_limit_is_full_and_recovers() {
    let config = Config::every_transport().with("persistence:\n  durability: always\n");
    let broker = Broker::start_with_launch(config, |_| limited_to(50 << 20));
    let options = persistent_client(&broker, ProtocolVersion::V5, "subscriber");
    let mut subscriber = connect(&options).await;
    subscribe(&mut subscriber, "stored/#", 1).await;
    let state = subscriber.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    let mut publisher = connect(&persistent_client(&broker, ProtocolVersion::V5, "publisher")).await;
    let mut accepted = 0;
    while publish(&mut publisher).await != ReasonCode::QuotaExceeded {
        accepted += 1;
    }
    let full = broker.wait_for_log(|line| line.contains("the store is full"), "the line of a full store");
    assert!(full.contains("File too large"), "{full}");

    let mut subscriber = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    let _ = within_deadline("the stored messages", receive_payloads(&mut subscriber, accepted)).await;
    within_deadline("an accepted message", async { while publish(&mut publisher).await.is_error() {} }).await;
    let _ = within_deadline("the message", receive_payloads(&mut subscriber, 1)).await;
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_snapshot_that_exceeds_the_limit_fails_and_leaves_no_file() {
    let broker = Broker::start();
    let folder = broker.file("snapshots");
    fs::create_dir(&folder).expect("a folder");
    let mut command = limited_to(8 << 10).command(&toolbox::broker());
    command.arg("snapshot").arg(folder.join("a")).arg("--data").arg(broker.file("data"));
    let exit = Process::start("snapshot", &mut command).wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(1), "{exit:?}");
    assert!(exit.errors.iter().any(|line| line.contains("File too large")), "{exit:?}");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    broker.stop();
}

/// Returns launch options that limit the size of files to `bytes`.
fn limited_to(bytes: u64) -> LaunchOptions {
    LaunchOptions::default().wrapped_in(["prlimit".to_owned(), format!("--fsize={bytes}")])
}

/// Publishes a large message, and returns the reason code of its acknowledgement.
async fn publish(client: &mut Client) -> ReasonCode {
    let id = client.publish(message("stored/a", &"x".repeat(100_000), 1)).await.expect("an open connection");
    let acknowledged = client.acknowledged(id.expect("a packet id"));
    within_deadline("PUBACK", acknowledged).await.expect("an open connection").reason
}
