//! A full disk: what has to be kept is refused, each in the words that its version has.

use tidegate_gateway::client::{Client, ClientError};
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::subscribe;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, ReasonCode, SubscriptionOptions, UserProperties};

use crate::world::{World, clean, connect, refusal, session, to_keep};

#[tokio::test(flavor = "current_thread")]
async fn publishes_of_5_0_are_told() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    let mut client = connect(&clean(&world.broker, ProtocolVersion::V5, "publisher")).await;
    for qos in [1, 2, 2, 1] {
        let reason = world.publish(&mut client, &format!("refused {}", world.refused.len()), qos).await;
        assert_eq!(reason, ReasonCode::QuotaExceeded, "QoS {qos}");
    }
    within_deadline("PINGRESP", client.ping()).await.expect("the connection goes on");
    let refused = world.refused.len();
    assert_eq!(world.stop(), refused, "what the broker counted");
}

#[tokio::test(flavor = "current_thread")]
async fn publishes_of_3_1_1_end_the_connection() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    for qos in [1, 2] {
        let mut client = connect(&clean(&world.broker, ProtocolVersion::V3_1_1, "publisher")).await;
        client.publish(to_keep("refused", qos)).await.expect("the connection");
        let end = within_deadline("the end", client.event()).await;
        assert!(matches!(end, Err(ClientError::Closed | ClientError::Broken(_))), "QoS {qos}: {end:?}");
    }
    world.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn sessions_that_would_be_kept_are_told_and_others_begin() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    for (version, reason) in CONNECT_REFUSALS {
        assert_eq!(refusal(&session(&world.broker, version, "new")).await, reason, "{version:?}");
        let mut client = connect(&clean(&world.broker, version, "passing")).await;
        within_deadline("SUBACK", subscribe(&mut client, "live/#", 2)).await;
    }
    world.stop();
}

/// It is known, but was to end with its connection: to be kept from now on, it needs room. The connection that it has goes on.
#[tokio::test(flavor = "current_thread")]
async fn sessions_that_would_be_kept_from_now_on_are_told() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    for (version, reason) in CONNECT_REFUSALS {
        let mut client = connect(&clean(&world.broker, version, "passing")).await;
        assert_eq!(refusal(&session(&world.broker, version, "passing")).await, reason, "{version:?}");
        within_deadline("PINGRESP", client.ping()).await.expect("the connection goes on");
    }
    world.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn subscriptions_that_would_be_kept_are_told() {
    let mut world = World::start("").await;
    let versions = [
        (ProtocolVersion::V5, "keeper-5", ReasonCode::QuotaExceeded),
        (ProtocolVersion::V3_1_1, "keeper-3", ReasonCode::UnspecifiedError),
    ];
    let mut clients = Vec::new();
    for (version, client_id, reason) in versions {
        clients.push((connect(&session(&world.broker, version, client_id)).await, reason));
    }
    world.fail(Fault::NoRoom).await;
    for (mut client, reason) in clients {
        let filter = SubscriptionFilter::parse("other/#").expect("a filter");
        let entry = (filter, SubscriptionOptions::default());
        let suback = within_deadline("SUBACK", client.subscribe([entry], None, UserProperties::new())).await;
        assert_eq!(suback.expect("the connection").reasons, [reason]);
        within_deadline("PINGRESP", client.ping()).await.expect("the connection goes on");
    }
    world.stop();
}

/// A session that is known and changes nothing by coming back needs no room.
#[tokio::test(flavor = "current_thread")]
async fn known_sessions_come_back_and_read_what_waits() {
    let mut world = World::start("").await;
    let mut reader = connect(&session(&world.broker, ProtocolVersion::V5, "reader")).await;
    subscribe(&mut reader, "kept/#", 1).await;
    let state = reader.disconnect(ReasonCode::Success).await.expect("an orderly end");
    let mut publisher = connect(&clean(&world.broker, ProtocolVersion::V5, "publisher")).await;
    for number in 0..10 {
        world.publish(&mut publisher, &format!("waiting {number}"), 1).await;
    }
    world.fail(Fault::NoRoom).await;
    let options = session(&world.broker, ProtocolVersion::V5, "reader");
    let mut reader = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    assert!(reader.connack().session_present);
    for number in 0..10 {
        let message = within_deadline("what waits", reader.message()).await.expect("the connection");
        assert_eq!(message.payload, format!("waiting {number} at 1"));
    }
    world.stop();
}

/// What a CONNECT is refused with whose session finds no room. 3.1.1 has no closer word than its return code 3.
const CONNECT_REFUSALS: [(ProtocolVersion, ReasonCode); 2] = [
    (ProtocolVersion::V5, ReasonCode::QuotaExceeded),
    (ProtocolVersion::V3_1_1, ReasonCode::ServerUnavailable),
];
