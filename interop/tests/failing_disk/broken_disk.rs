//! A broken disk: nothing is acknowledged any more, what needs no disk goes on, and the broker neither ends nor recovers by
//! itself.

use tidegate_gateway::client::ClientError;
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

use crate::harness::{
    Harness, clean_client, connect, connect_refusal, persistent_client, received_reasons, stored_message,
};

#[tokio::test(flavor = "current_thread")]
async fn after_a_write_error_nothing_is_acknowledged_until_a_restart() {
    assert_store_stays_failed(Fault::WriteError).await;
}

#[tokio::test(flavor = "current_thread")]
async fn after_a_sync_error_nothing_is_acknowledged_until_a_restart() {
    assert_store_stays_failed(Fault::SyncError).await;
}

async fn assert_store_stays_failed(fault: Fault) {
    let mut harness = Harness::start("").await;
    let mut listener = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    let mut publisher = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    harness.disk.fail_with(fault);
    for qos in [1, 2] {
        publisher.publish(stored_message("under way", qos)).await.expect("the connection");
    }
    harness.wait_until_refused().await;
    let line = harness.broker.wait_for_log(|line| line.contains("the store failed"), "line that says so");
    assert!(line.contains("\"level\":\"ERROR\"") && line.contains("Input/output error"), "{line}");

    assert_refused(&mut harness).await;
    publisher.publish(message("live/a", "on", 0)).await.expect("the connection");
    let live = within_deadline("QoS 0", listener.message()).await.expect("the connection");
    assert_eq!(live.topic, "live/a");
    // A disk that works again does not bring back what a failed write or sync has lost.
    harness.disk.recover();
    assert_refused(&mut harness).await;
    within_deadline("PINGRESP", publisher.ping()).await.expect("the connection");
    let accepted: Vec<_> =
        received_reasons(&mut publisher).into_iter().filter(|reason| !reason.is_error()).collect();
    assert_eq!(accepted, [], "acknowledged, and nobody keeps it");
    assert!(harness.broker.panics().is_empty(), "{:?}", harness.broker.panics());

    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

/// 0x97 in 5.0; before, the end of the connection.
async fn assert_refused(harness: &mut Harness) {
    let unknown = persistent_client(&harness.broker, ProtocolVersion::V5, "unknown");
    assert_eq!(
        connect_refusal(&unknown).await,
        ReasonCode::ServerUnavailable,
        "a session that would be kept"
    );
    let mut new = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "new")).await;
    for qos in [1, 2] {
        let reason = harness.publish(&mut new, &format!("refused {}", harness.refused.len()), qos).await;
        assert_eq!(reason, ReasonCode::QuotaExceeded, "QoS {qos}");
        let mut old = connect(&clean_client(&harness.broker, ProtocolVersion::V3_1_1, "old")).await;
        old.publish(stored_message("refused in 3.1.1", qos)).await.expect("the connection");
        let end = within_deadline("the end", old.event()).await;
        assert!(matches!(end, Err(ClientError::Closed | ClientError::Broken(_))), "QoS {qos}: {end:?}");
    }
}
