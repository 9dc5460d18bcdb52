//! Properties: each at most once, with a value in its range, in every packet that has it.

use crate::case::cases;
use crate::client::PROTOCOL_ERROR;
use crate::lab::Lab;
use crate::wire::property::{self as id, Properties, Value};
use crate::wire::{Publish, Subscribe, Will, disconnect, packet};

cases! {
    a_property_of_connect_comes_once: "TRAP5-106";
    a_property_of_a_will_comes_once: "TRAP5-106";
    a_property_of_another_packet_comes_once: "TRAP5-106";
    a_value_out_of_range_in_connect_is_refused: "TRAP5-107";
    a_value_out_of_range_in_another_packet_ends_the_connection: "TRAP5-107";
}

/// A property with a value in its range.
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

/// The property twice, with the same value: still a fault.
fn twice(id: u8) -> Properties {
    Properties(vec![(id, sample(id)), (id, sample(id))])
}

async fn a_property_of_connect_comes_once(lab: Lab) {
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
        let mut opening = lab.connect("one");
        opening.connect.properties = twice(id);
        opening.refused(PROTOCOL_ERROR).await;
    }
    // Authentication Data needs a method beside it.
    let mut opening = lab.connect("one");
    opening.connect.properties = Properties(
        [
            vec![(id::AUTHENTICATION_METHOD, sample(id::AUTHENTICATION_METHOD))],
            twice(id::AUTHENTICATION_DATA).0,
        ]
        .concat(),
    );
    opening.refused(PROTOCOL_ERROR).await;
}

/// Properties that PUBLISH and a will have in common, each at most once.
const OF_A_MESSAGE: [u8; 5] =
    [id::PAYLOAD_FORMAT, id::MESSAGE_EXPIRY, id::CONTENT_TYPE, id::RESPONSE_TOPIC, id::CORRELATION_DATA];

async fn a_property_of_a_will_comes_once(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    for id in OF_A_MESSAGE.into_iter().chain([id::WILL_DELAY]) {
        let will = Will::new(&topic, "gone").properties(twice(id));
        lab.connect("one").will(will).refused(PROTOCOL_ERROR).await;
    }
    watcher.hears_nothing().await;
}

async fn a_property_of_another_packet_comes_once(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    for id in OF_A_MESSAGE.into_iter().chain([id::TOPIC_ALIAS]) {
        let publish = Publish::new(&topic, "x").properties(twice(id));
        lab.ends_connection(&publish.encode(lab.version), PROTOCOL_ERROR).await;
    }
    watcher.hears_nothing().await;
    let mut subscribe = Subscribe::new(1).filter(&topic, 0);
    subscribe.properties = twice(id::SUBSCRIPTION_ID);
    lab.ends_connection(&subscribe.encode(lab.version), PROTOCOL_ERROR).await;
    let reason = twice(id::REASON_STRING).encode();
    for first in [0x40, 0x50, 0x62, 0x70] {
        lab.ends_connection(&packet(first, &[&[0, 1, 0], &reason]), PROTOCOL_ERROR).await;
    }
    for id in [id::REASON_STRING, id::SESSION_EXPIRY] {
        lab.ends_connection(&disconnect(0, &twice(id)), PROTOCOL_ERROR).await;
    }
    for id in [id::REASON_STRING, id::AUTHENTICATION_METHOD, id::AUTHENTICATION_DATA] {
        lab.ends_connection(&packet(0xF0, &[&[0x18], &twice(id).encode()]), PROTOCOL_ERROR).await;
    }
}

async fn a_value_out_of_range_in_connect_is_refused(lab: Lab) {
    let bad = [
        (id::RECEIVE_MAXIMUM, 0),
        (id::MAXIMUM_PACKET_SIZE, 0),
        (id::REQUEST_PROBLEM_INFORMATION, 2),
        (id::REQUEST_PROBLEM_INFORMATION, 255),
        (id::REQUEST_RESPONSE_INFORMATION, 2),
        (id::REQUEST_RESPONSE_INFORMATION, 255),
    ];
    for (id, value) in bad {
        lab.connect("one").number(id, value).refused(PROTOCOL_ERROR).await;
    }
    let will = Will::new(lab.topic("will"), "gone");
    let will = will.properties(Properties::default().number(id::PAYLOAD_FORMAT, 2));
    lab.connect("one").will(will).refused(PROTOCOL_ERROR).await;
}

async fn a_value_out_of_range_in_another_packet_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    for (id, value, codes) in [
        (id::PAYLOAD_FORMAT, 2, PROTOCOL_ERROR),
        (id::PAYLOAD_FORMAT, 255, PROTOCOL_ERROR),
        (id::TOPIC_ALIAS, 0, &[0x94, 0x82]),
    ] {
        let publish = Publish::new(&topic, "x").properties(Properties::default().number(id, value));
        lab.ends_connection(&publish.encode(lab.version), codes).await;
    }
    let zero = Subscribe::new(1).filter(&topic, 0).identifier(0);
    lab.ends_connection(&zero.encode(lab.version), PROTOCOL_ERROR).await;
    watcher.hears_nothing().await;
}
