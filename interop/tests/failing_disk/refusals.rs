//! Tests that while the disk is full, the broker refuses requests that it would have to store, in the way that each
//! protocol version provides.

use tidegate_client::{Client, ClientError};
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::subscribe;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, ReasonCode, SubscriptionOptions, UserProperties};

use crate::harness::{Harness, clean_client, connect, connect_refusal, persistent_client, stored_message};

#[tokio::test(flavor = "current_thread")]
async fn mqtt_5_publishes_get_quota_exceeded() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    let mut client = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    for qos in [1, 2, 2, 1] {
        let reason =
            harness.publish(&mut client, &format!("refused {}", harness.refused_payloads.len()), qos).await;
        assert_eq!(reason, ReasonCode::QuotaExceeded, "QoS {qos}");
    }
    within_deadline("PINGRESP", client.ping()).await.expect("the connection stays open");
    let refused = harness.refused_payloads.len();
    assert_eq!(harness.stop(), refused, "the broker's counter of refused messages");
}

#[tokio::test(flavor = "current_thread")]
async fn mqtt_3_1_1_publishes_end_the_connection() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    for qos in [1, 2] {
        let mut client = connect(&clean_client(&harness.broker, ProtocolVersion::V3_1_1, "publisher")).await;
        client.publish(stored_message("refused", qos)).await.expect("an open connection");
        let end = within_deadline("the end of the connection", client.event()).await;
        assert!(matches!(end, Err(ClientError::Closed | ClientError::Broken(_))), "QoS {qos}: {end:?}");
    }
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn new_persistent_sessions_are_refused_and_clean_sessions_are_accepted() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    for (version, reason) in CONNECT_REFUSALS {
        assert_eq!(
            connect_refusal(&persistent_client(&harness.broker, version, "new")).await,
            reason,
            "{version:?}"
        );
        let mut client = connect(&clean_client(&harness.broker, version, "clean")).await;
        within_deadline("SUBACK", subscribe(&mut client, "live/#", 2)).await;
    }
    harness.stop();
}

/// The session exists, but ends with its connection. To make the session persistent, the broker needs disk space. The
/// existing connection stays open.
#[tokio::test(flavor = "current_thread")]
async fn a_clean_session_cannot_become_persistent_while_full() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    for (version, reason) in CONNECT_REFUSALS {
        let mut client = connect(&clean_client(&harness.broker, version, "clean")).await;
        assert_eq!(
            connect_refusal(&persistent_client(&harness.broker, version, "clean")).await,
            reason,
            "{version:?}"
        );
        within_deadline("PINGRESP", client.ping()).await.expect("the connection stays open");
    }
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn subscriptions_of_persistent_sessions_are_refused_while_full() {
    let mut harness = Harness::start("").await;
    let versions = [
        (ProtocolVersion::V5, "subscriber-5", ReasonCode::QuotaExceeded),
        (ProtocolVersion::V3_1_1, "subscriber-3", ReasonCode::UnspecifiedError),
    ];
    let mut clients = Vec::new();
    for (version, client_id, reason) in versions {
        clients.push((connect(&persistent_client(&harness.broker, version, client_id)).await, reason));
    }
    harness.fail(Fault::NoSpace).await;
    for (mut client, reason) in clients {
        let filter = SubscriptionFilter::parse("other/#").expect("a filter");
        let entry = (filter, SubscriptionOptions::default());
        let suback = within_deadline("SUBACK", client.subscribe([entry], None, UserProperties::new())).await;
        assert_eq!(suback.expect("an open connection").reasons, [reason]);
        within_deadline("PINGRESP", client.ping()).await.expect("the connection stays open");
    }
    harness.stop();
}

/// Resuming a stored session changes nothing in the store, so it needs no space.
#[tokio::test(flavor = "current_thread")]
async fn stored_sessions_resume_and_receive_queued_messages_while_full() {
    let mut harness = Harness::start("").await;
    let mut reader = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "reader")).await;
    subscribe(&mut reader, "stored/#", 1).await;
    let state = reader.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    let mut publisher = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    for number in 0..10 {
        harness.publish(&mut publisher, &format!("waiting {number}"), 1).await;
    }
    harness.fail(Fault::NoSpace).await;
    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "reader");
    let mut reader = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    assert!(reader.connack().session_present);
    for number in 0..10 {
        let message =
            within_deadline("a queued message", reader.message()).await.expect("an open connection");
        assert_eq!(message.payload, format!("waiting {number} at 1"));
    }
    harness.stop();
}

/// The reason code with which the broker refuses a CONNECT if there is no space for the session, for each protocol
/// version. In MQTT 3.1.1, the closest return code is 3 (server unavailable).
const CONNECT_REFUSALS: [(ProtocolVersion, ReasonCode); 2] = [
    (ProtocolVersion::V5, ReasonCode::QuotaExceeded),
    (ProtocolVersion::V3_1_1, ReasonCode::ServerUnavailable),
];
