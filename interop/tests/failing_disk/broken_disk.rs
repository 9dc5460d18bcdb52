//! Tests that after a write or sync error, the broker acknowledges no message that needs the store until it is
//! restarted, even if the disk works again. The broker does not exit, and operations that need no disk still work.

use tidegate_client::ClientError;
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

use crate::harness::{
    Harness, clean_client, connect, connect_refusal, persistent_client, received_reasons, stored_message,
};

#[tokio::test(flavor = "current_thread")]
async fn after_a_write_error_nothing_is_acknowledged_until_a_restart() {
    assert_store_stays_failed(Fault::WriteError, "Input/output error").await;
}

#[tokio::test(flavor = "current_thread")]
async fn after_the_disk_became_read_only_nothing_is_acknowledged_until_a_restart() {
    assert_store_stays_failed(Fault::ReadOnly, "Read-only file system").await;
}

#[tokio::test(flavor = "current_thread")]
async fn after_a_sync_error_nothing_is_acknowledged_until_a_restart() {
    assert_store_stays_failed(Fault::SyncError, "Input/output error").await;
}

/// The first write after the messages is that of the sync point, because the next checkpoint comes later. The broker
/// syncs the data before it writes the sync point, so the failed write loses no message.
#[tokio::test(flavor = "current_thread")]
async fn with_interval_durability_a_failed_write_loses_nothing() {
    let settings = "persistence:\n  durability: interval\n  interval: 400ms\n";
    let mut harness = Harness::start_configured(settings, &[1, 2]).await;
    let mut publisher = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    for number in 0..20 {
        harness.publish(&mut publisher, &format!("unsynced {number}"), 1).await;
    }
    harness.disk.fail_with(Fault::WriteError);
    harness.broker.wait_for_log(|line| line.contains("the store failed"), "the log line of a failed store");
    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

async fn assert_store_stays_failed(fault: Fault, cause: &str) {
    let mut harness = Harness::start("").await;
    let mut listener = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    let mut publisher = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    harness.disk.fail_with(fault);
    for qos in [1, 2] {
        publisher.publish(stored_message("in flight", qos)).await.expect("an open connection");
    }
    harness.wait_until_refused().await;
    let line = harness
        .broker
        .wait_for_log(|line| line.contains("the store failed"), "the log line of a failed store");
    assert!(line.contains("\"level\":\"ERROR\"") && line.contains(cause), "{line}");

    assert_refused(&mut harness).await;
    publisher.publish(message("live/a", "on", 0)).await.expect("an open connection");
    let live = within_deadline("QoS 0", listener.message()).await.expect("an open connection");
    assert_eq!(live.topic, "live/a");
    // The store stays failed: the failed write or sync may have lost data, even if the disk works again.
    harness.disk.recover();
    assert_refused(&mut harness).await;
    within_deadline("PINGRESP", publisher.ping()).await.expect("an open connection");
    let accepted: Vec<_> =
        received_reasons(&mut publisher).into_iter().filter(|reason| !reason.is_error()).collect();
    assert_eq!(accepted, [], "acknowledged, but not stored");
    assert!(harness.broker.panics().is_empty(), "{:?}", harness.broker.panics());

    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

/// The broker refuses persistent sessions and messages: with an error reason in MQTT 5.0, by closing the connection in
/// 3.1.1.
async fn assert_refused(harness: &mut Harness) {
    let unknown = persistent_client(&harness.broker, ProtocolVersion::V5, "unknown");
    assert_eq!(connect_refusal(&unknown).await, ReasonCode::ServerUnavailable, "a new persistent session");
    let mut new = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "new")).await;
    for qos in [1, 2] {
        let reason =
            harness.publish(&mut new, &format!("refused {}", harness.refused_payloads.len()), qos).await;
        assert_eq!(reason, ReasonCode::QuotaExceeded, "QoS {qos}");
        let mut mqtt_3_1_1_client =
            connect(&clean_client(&harness.broker, ProtocolVersion::V3_1_1, "old")).await;
        mqtt_3_1_1_client.publish(stored_message("refused in 3.1.1", qos)).await.expect("an open connection");
        let end = within_deadline("the end of the connection", mqtt_3_1_1_client.event()).await;
        assert!(matches!(end, Err(ClientError::Closed | ClientError::Broken(_))), "QoS {qos}: {end:?}");
    }
}
