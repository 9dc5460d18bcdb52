//! Tests that the folder of the store or a file in it is removed, renamed or replaced while the broker runs. The broker
//! acknowledges no message that would be lost at its next start, closes its connections, and exits with an error.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use tidegate_client::{Client, ClientError, Event, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, Publish, ReasonCode};

#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_store_folder_was_removed() {
    assert_publish_is_not_acknowledged("always", |store| fs::remove_dir_all(store).expect("a folder")).await;
}

#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_store_folder_was_renamed() {
    let rename = |store: &Path| fs::rename(store, store.with_extension("elsewhere")).expect("a folder");
    assert_publish_is_not_acknowledged("always", rename).await;
}

#[tokio::test(flavor = "current_thread")]
async fn with_interval_durability_no_publish_is_acknowledged_after_the_store_folder_was_removed() {
    assert_publish_is_not_acknowledged("interval", |store| fs::remove_dir_all(store).expect("a folder"))
        .await;
}

/// A backup tool that restores a file writes a copy and renames it. The copy has the same content, but is another file.
#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_data_file_was_replaced_by_a_copy() {
    assert_publish_is_not_acknowledged("always", |store| {
        fs::copy(store.join("data.mdb"), store.join("copy")).expect("a file");
        fs::rename(store.join("copy"), store.join("data.mdb")).expect("a file");
    })
    .await;
}

/// Without the file, a second broker could lock a new one and use the same store.
#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_lock_file_was_removed() {
    assert_publish_is_not_acknowledged("always", |store| {
        fs::remove_file(store.join("tidegate.lock")).expect("a file");
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_store_folder_was_created_anew() {
    assert_publish_is_not_acknowledged("always", |store| {
        fs::remove_dir_all(store).expect("a folder");
        fs::create_dir(store).expect("a folder");
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_data_folder_was_renamed() {
    assert_publish_is_not_acknowledged("always", |store| {
        let data = store.parent().expect("the data folder");
        fs::rename(data, data.with_extension("elsewhere")).expect("a folder");
    })
    .await;
}

/// The path of the store leads to a copy of the whole store, as after the change of a symbolic link.
#[tokio::test(flavor = "current_thread")]
async fn no_publish_is_acknowledged_after_the_store_folder_became_a_link_to_another_folder() {
    assert_publish_is_not_acknowledged("interval", |store| {
        let former = store.with_extension("former");
        fs::rename(store, &former).expect("a folder");
        let other = store.with_extension("other");
        fs::create_dir(&other).expect("a folder");
        for name in ["data.mdb", "lock.mdb", "tidegate.lock"] {
            fs::copy(former.join(name), other.join(name)).expect("a file");
        }
        symlink(&other, store).expect("a link");
    })
    .await;
}

/// `cp --link` and tools for backups add hard links to files. The files stay at their paths.
#[tokio::test(flavor = "current_thread")]
async fn a_store_whose_files_get_further_links_is_still_used() {
    let broker = start("always");
    let store = broker.file("data/store");
    for name in ["data.mdb", "tidegate.lock"] {
        fs::hard_link(store.join(name), broker.file(name)).expect("a link");
    }
    let mut publisher = connect(&options(&broker, ProtocolVersion::V5, "publisher")).await;
    assert_acknowledged(&mut publisher, "with links").await;
    for name in ["data.mdb", "tidegate.lock"] {
        fs::remove_file(broker.file(name)).expect("a link");
    }
    assert_acknowledged(&mut publisher, "without links").await;
    broker.stop();
}

/// Checks that the broker does not acknowledge a publish after `displace` has removed, renamed or replaced the folder
/// of the store or a file in it.
async fn assert_publish_is_not_acknowledged(durability: &str, displace: impl FnOnce(&Path)) {
    let broker = start(durability);
    let mut publisher = connect(&options(&broker, ProtocolVersion::V5, "publisher")).await;
    assert_acknowledged(&mut publisher, "before").await;

    displace(&broker.file("data/store"));
    // The broker may already have detected the change and closed the connection.
    let _ = publisher.publish(retained_message("lost")).await;
    within_deadline("the end of the connection", assert_disconnected_without_acknowledgement(&mut publisher))
        .await;
    assert_exits_with_error(broker);
}

/// No client publishes. The broker closes the connections of clients of both protocol versions, and a new broker can
/// create a store at the same path.
#[tokio::test(flavor = "current_thread")]
async fn an_idle_broker_detects_that_its_store_folder_was_removed() {
    let mut broker = start("always");
    let mut new = connect(&options(&broker, ProtocolVersion::V5, "new")).await;
    let mut old = connect(&options(&broker, ProtocolVersion::V3_1_1, "old")).await;
    fs::remove_dir_all(broker.file("data/store")).expect("a folder");
    let removed = Instant::now();
    broker.wait_for_log(reports_displaced_store, "the log line of a displaced store");
    let noticed = removed.elapsed();
    within_deadline("DISCONNECT", assert_disconnected_without_acknowledgement(&mut new)).await;
    let end = within_deadline("the end of the connection", old.event()).await;
    assert!(matches!(end, Err(ClientError::Closed | ClientError::Broken(_))), "{end:?}");
    // The broker usually detects the removal within a second. The limit is higher, so that the test does not fail on a
    // busy machine.
    assert!(noticed < EVENT_TIMEOUT / 6, "noticed after {noticed:?}");
    broker.log().wait_until_closed(EVENT_TIMEOUT).expect("the broker ends");
    broker.restart();
    let client = connect(&options(&broker, ProtocolVersion::V5, "new")).await;
    assert!(!client.connack().session_present, "the new store is empty");
    broker.stop();
}

/// Publishes a message, and checks that the broker acknowledges it.
async fn assert_acknowledged(publisher: &mut Client, text: &str) {
    let id =
        publisher.publish(retained_message(text)).await.expect("an open connection").expect("a packet id");
    let done = within_deadline("PUBACK", publisher.acknowledged(id)).await.expect("an open connection");
    assert!(!done.reason.is_error(), "{done:?}");
}

/// Waits for DISCONNECT, and checks that no acknowledgement arrives before it.
async fn assert_disconnected_without_acknowledgement(client: &mut Client) {
    loop {
        match client.event().await {
            Err(ClientError::Disconnected(disconnect)) => {
                return assert_eq!(disconnect.reason, ReasonCode::ServerShuttingDown);
            }
            Err(error) => panic!("no DISCONNECT: {error}"),
            Ok(Event::Acknowledged(done)) => panic!("acknowledged, but not stored: {done:?}"),
            Ok(_) => {}
        }
    }
}

fn assert_exits_with_error(broker: Broker) {
    let exit = broker.wait_for_exit();
    assert_eq!(exit.status.code(), Some(1), "{:#?}", exit.errors);
    let last = exit.errors.iter().rfind(|line| line.contains("\"level\":\"ERROR\""));
    let last = last.expect("an error line");
    assert!(reports_displaced_store(last) && last.contains("start the broker again"), "{last}");
    assert!(!exit.errors.iter().any(|line| line.contains("panicked at")), "{:#?}", exit.errors);
}

fn reports_displaced_store(line: &str) -> bool {
    let what =
        ["data.mdb was removed or renamed", "data.mdb was replaced", "tidegate.lock was removed or renamed"];
    line.contains("\"level\":\"ERROR\"") && what.iter().any(|what| line.contains(what))
}

fn start(durability: &str) -> Broker {
    Broker::start_with(Config::every_transport().with(&format!("persistence:\n  durability: {durability}\n")))
}

fn options(broker: &Broker, version: ProtocolVersion, client_id: &str) -> Options {
    with_persistent_session(client_options(broker, Transport::Tcp, version, client_id))
}

async fn connect(options: &Options) -> Client {
    within_deadline("CONNACK", Client::connect(options, State::default())).await.expect("CONNACK")
}

fn retained_message(text: &str) -> Publish {
    Publish { retain: true, ..message("kept/a", text, 1) }
}
