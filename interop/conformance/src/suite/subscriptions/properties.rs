//! Tests that the broker rejects repeated properties and property values out of range, in every packet.

use crate::case::cases;
use crate::client::PROTOCOL_ERROR;
use crate::harness::Harness;
use crate::wire::property::{self as id, Properties, Value};
use crate::wire::{Publish, Subscribe, Will, disconnect, packet_from_parts};

cases! {
    a_repeated_property_in_connect_is_refused: "TRAP5-106";
    a_repeated_property_in_a_will_is_refused: "TRAP5-106";
    a_repeated_property_in_another_packet_ends_the_connection: "TRAP5-106";
    a_value_out_of_range_in_connect_is_refused: "TRAP5-107";
    a_value_out_of_range_in_another_packet_ends_the_connection: "TRAP5-107";
}

/// Returns a valid value for the property with the identifier `id`.
fn sample(id: u8) -> Value {
    match id {
        id::RESPONSE_TOPIC | id::CONTENT_TYPE | id::AUTHENTICATION_METHOD | id::REASON_STRING => {
            Value::Text("t".to_owned())
        }
        id::CORRELATION_DATA | id::AUTHENTICATION_DATA => Value::Binary(b"b".to_vec()),
        id::MAXIMUM_PACKET_SIZE => Value::Number(1000),
        _ => Value::Number(1),
    }
}

/// Returns the same property twice, with equal values. The standard forbids that even if the values are equal.
fn twice(id: u8) -> Properties {
    Properties(vec![(id, sample(id)), (id, sample(id))])
}

async fn a_repeated_property_in_connect_is_refused(harness: Harness) {
    let single = [
        id::SESSION_EXPIRY,
        id::AUTHENTICATION_METHOD,
        id::REQUEST_PROBLEM_INFORMATION,
        id::REQUEST_RESPONSE_INFORMATION,
        id::RECEIVE_MAXIMUM,
        id::TOPIC_ALIAS_MAXIMUM,
        id::MAXIMUM_PACKET_SIZE,
    ];
    for id in single {
        let mut builder = harness.connect("one");
        builder.connect.properties = twice(id);
        builder.expect_refused(PROTOCOL_ERROR).await;
    }
    // Authentication Data is only valid together with an Authentication Method.
    let mut builder = harness.connect("one");
    builder.connect.properties = Properties(
        [
            vec![(id::AUTHENTICATION_METHOD, sample(id::AUTHENTICATION_METHOD))],
            twice(id::AUTHENTICATION_DATA).0,
        ]
        .concat(),
    );
    builder.expect_refused(PROTOCOL_ERROR).await;
}

/// Properties that both PUBLISH and a will may contain, each at most once.
const MESSAGE_PROPERTIES: [u8; 5] =
    [id::PAYLOAD_FORMAT, id::MESSAGE_EXPIRY, id::CONTENT_TYPE, id::RESPONSE_TOPIC, id::CORRELATION_DATA];

async fn a_repeated_property_in_a_will_is_refused(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    for id in MESSAGE_PROPERTIES.into_iter().chain([id::WILL_DELAY]) {
        let will = Will::new(&topic, "gone").properties(twice(id));
        harness.connect("one").will(will).expect_refused(PROTOCOL_ERROR).await;
    }
    watcher.expect_no_message().await;
}

async fn a_repeated_property_in_another_packet_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    for id in MESSAGE_PROPERTIES.into_iter().chain([id::TOPIC_ALIAS]) {
        let publish = Publish::new(&topic, "x").properties(twice(id));
        harness.expect_close_after(&publish.encode(harness.version), PROTOCOL_ERROR).await;
    }
    watcher.expect_no_message().await;
    let mut subscribe = Subscribe::new(1).filter(&topic, 0);
    subscribe.properties = twice(id::SUBSCRIPTION_ID);
    harness.expect_close_after(&subscribe.encode(harness.version), PROTOCOL_ERROR).await;
    let reason = twice(id::REASON_STRING).encode();
    for first in [0x40, 0x50, 0x62, 0x70] {
        harness.expect_close_after(&packet_from_parts(first, &[&[0, 1, 0], &reason]), PROTOCOL_ERROR).await;
    }
    for id in [id::REASON_STRING, id::SESSION_EXPIRY] {
        harness.expect_close_after(&disconnect(0, &twice(id)), PROTOCOL_ERROR).await;
    }
    for id in [id::REASON_STRING, id::AUTHENTICATION_METHOD, id::AUTHENTICATION_DATA] {
        harness
            .expect_close_after(&packet_from_parts(0xF0, &[&[0x18], &twice(id).encode()]), PROTOCOL_ERROR)
            .await;
    }
}

async fn a_value_out_of_range_in_connect_is_refused(harness: Harness) {
    let bad = [
        (id::RECEIVE_MAXIMUM, 0),
        (id::MAXIMUM_PACKET_SIZE, 0),
        (id::REQUEST_PROBLEM_INFORMATION, 2),
        (id::REQUEST_PROBLEM_INFORMATION, 255),
        (id::REQUEST_RESPONSE_INFORMATION, 2),
        (id::REQUEST_RESPONSE_INFORMATION, 255),
    ];
    for (id, value) in bad {
        harness.connect("one").number(id, value).expect_refused(PROTOCOL_ERROR).await;
    }
    let will = Will::new(harness.topic("will"), "gone");
    let will = will.properties(Properties::default().number(id::PAYLOAD_FORMAT, 2));
    harness.connect("one").will(will).expect_refused(PROTOCOL_ERROR).await;
}

async fn a_value_out_of_range_in_another_packet_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    for (id, value, codes) in [
        (id::PAYLOAD_FORMAT, 2, PROTOCOL_ERROR),
        (id::PAYLOAD_FORMAT, 255, PROTOCOL_ERROR),
        (id::TOPIC_ALIAS, 0, &[0x94, 0x82]),
    ] {
        let publish = Publish::new(&topic, "x").properties(Properties::default().number(id, value));
        harness.expect_close_after(&publish.encode(harness.version), codes).await;
    }
    let zero = Subscribe::new(1).filter(&topic, 0).identifier(0);
    harness.expect_close_after(&zero.encode(harness.version), PROTOCOL_ERROR).await;
    watcher.expect_no_message().await;
}
