//! Tests how the broker refuses a CONNECT: with which reason code, that it processes nothing after the CONNECT, and
//! that it closes the connection.

use super::{unacceptable_connect, watcher};
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{
    PacketType, Properties, Publish, Subscribe, Version, Will, length_prefixed, packet_with_body, property,
};

cases! {
    a_malformed_connect_is_refused: "MQTT5-3.1.4-1", "MQTT3-3.1.4-1";
    invalid_connect_properties_are_refused: "MQTT5-3.1.4-1";
    an_unacceptable_connect_is_refused_each_time: "MQTT5-3.1.4-2", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8", "MQTT3-3.2.2-5";
    before_version_5_a_will_above_the_maximum_qos_is_refused_without_connack [MAXIMUM_QOS_1]: "MQTT3-3.2.2-6";
    nothing_after_a_refused_connect_is_processed: "MQTT5-3.1.4-6", "MQTT5-3.1.4-2", "MQTT3-3.1.4-5";
    a_refusal_never_has_session_present: "MQTT5-3.2.2-6", "MQTT3-3.2.2-4", "TRAP5-103", "TRAP3-103";
    refusal_codes_are_listed_in_the_standard: "MQTT5-3.2.2-8", "MQTT3-3.2.2-6";
}

async fn a_malformed_connect_is_refused(harness: Harness) {
    let whole = harness.connect("one").connect.encode();
    // The remaining length is correct, but the body ends early. The fixed header of `whole` has two bytes.
    for len in 9..whole.len() - 2 {
        harness
            .connect("one")
            .expect_bytes_refused(&packet_with_body(0x10, &whole[2..2 + len]), &[0x81, 0x82])
            .await;
    }
    let longer = [&whole[2..], &[0]].concat();
    harness.connect("one").expect_bytes_refused(&packet_with_body(0x10, &longer), &[0x81, 0x82]).await;
    for flags in [0x03, 0x0A, 0x22] {
        let builder = harness.connect("one");
        let bytes =
            builder.connect.encode_with(flags, &length_prefixed(builder.connect.client_id.as_bytes()));
        builder.expect_bytes_refused(&bytes, &[0x81, 0x82]).await;
    }
    harness.client("one").await.ping().await;
}

async fn invalid_connect_properties_are_refused(harness: Harness) {
    let number = |id, value| Properties::default().number(id, value);
    let wrong = [
        (number(property::RECEIVE_MAXIMUM, 0), [0x82, 0x81]),
        (number(property::MAXIMUM_PACKET_SIZE, 0), [0x82, 0x81]),
        (number(property::REQUEST_PROBLEM_INFORMATION, 2), [0x82, 0x81]),
        (number(property::SESSION_EXPIRY, 1).number(property::SESSION_EXPIRY, 1), [0x82, 0x81]),
        (number(property::TOPIC_ALIAS, 1), [0x81, 0x82]),
        (number(property::WILL_DELAY, 1), [0x81, 0x82]),
        (Properties::default().binary(property::AUTHENTICATION_DATA, b"x"), [0x82, 0x81]),
    ];
    for (properties, codes) in wrong {
        let mut builder = harness.connect("one");
        builder.connect.properties = properties;
        builder.expect_refused(&codes).await;
    }
    // The CONNECT contains a property with the identifier 0x7E, which does not exist.
    let builder = harness.connect("one");
    let mut body = length_prefixed(b"MQTT");
    body.extend([5, 2, 0, 0, 2, 0x7E, 0]);
    body.extend(length_prefixed(builder.connect.client_id.as_bytes()));
    builder.expect_bytes_refused(&packet_with_body(0x10, &body), &[0x81, 0x82]).await;
}

async fn an_unacceptable_connect_is_refused_each_time(harness: Harness) {
    for _ in 0..3 {
        let (builder, codes) = unacceptable_connect(&harness, "one");
        builder.expect_refused(codes).await;
    }
    // The same client can still connect with a valid CONNECT.
    harness.client("one").await.ping().await;
}

/// None of the six return codes of MQTT 3.1.1 fits this refusal, so the broker closes the connection without CONNACK.
async fn before_version_5_a_will_above_the_maximum_qos_is_refused_without_connack(harness: Harness) {
    let mut watcher = harness.subscriber("watcher", harness.topic("will"), 1).await;
    let builder = harness.connect("one").will(Will::new(harness.topic("will"), "stray").qos(2));
    builder.expect_refused(&[]).await;
    harness.expect_no_will(&mut watcher).await;
}

async fn nothing_after_a_refused_connect_is_processed(harness: Harness) {
    let topic = harness.topic("a");
    let mut observer = watcher(&harness).await;
    let (builder, codes) = unacceptable_connect(&harness, "one");
    let bytes = [
        builder.connect.encode(),
        Publish::new(&topic, "stray").encode(harness.version),
        Publish::new(&topic, "stray").retain().qos(1, 1).encode(harness.version),
        Subscribe::new(2).filter(&topic, 1).encode(harness.version),
        vec![0xC0, 0],
    ];
    builder.expect_bytes_refused(&bytes.concat(), codes).await;
    observer.expect_no_message().await;
    harness.subscriber("late", &topic, 1).await.expect_no_message().await;
    // The broker does not process a PUBLISH after a malformed CONNECT either.
    let builder = harness.connect("one");
    let mut connect = builder.connect.clone();
    connect.clean = false;
    let malformed = connect.encode_with(0x01, &length_prefixed(connect.client_id.as_bytes()));
    let publish = Publish::new(&topic, "stray").encode(harness.version);
    builder.expect_bytes_refused(&[malformed, publish].concat(), &[0x81, 0x82]).await;
    observer.expect_no_message().await;
}

async fn a_refusal_never_has_session_present(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 1).await;
    client.disconnect().await;
    if harness.is_v5() {
        let method = harness.connect("one").persistent().text(property::AUTHENTICATION_METHOD, "X-NONE");
        method.expect_refused(&[0x8C, 0x87]).await;
    }
    // The client sends a CONNECT with an unknown protocol version and without Clean Session.
    let builder = harness.connect("one").version(Version::V3).clean(false);
    let mut bytes = builder.connect.encode();
    bytes[8] = 6;
    let answer = builder.send_bytes(&bytes).await.read_to_end().await;
    assert!(answer.get(2).is_none_or(|flags| *flags == 0), "{answer:02x?}");
    assert!(harness.is_v5() || answer == [0x20, 2, 0, 1], "{answer:02x?}");
    // The session still exists.
    assert!(harness.connect("one").persistent().open_with_connack().await.1.session_present);
}

/// The parser of this suite rejects reason codes that the standard does not list. This test sends CONNECTs that every
/// broker refuses.
async fn refusal_codes_are_listed_in_the_standard(harness: Harness) {
    let (builder, _) = unacceptable_connect(&harness, "one");
    let will = Will::new(harness.topic("#"), "x");
    let faults = [
        builder.connect.encode(),
        harness.connect("one").will(will).connect.encode(),
        harness.connect("one").will(Will::new("", "x")).connect.encode(),
        harness.connect("one").connect.encode_with(0x03, &length_prefixed(b"x")),
        harness.connect("one").connect.encode_with(0xFF, &length_prefixed(b"x")),
    ];
    for bytes in faults {
        let packets = harness.connect("one").send_bytes(&bytes).await.wait_for_end().await;
        let legal = |code| if harness.is_v5() { code >= 0x80 } else { (1..=5).contains(&code) };
        let are_refusals =
            packets.iter().all(|packet| packet.packet_type == PacketType::ConnAck && legal(packet.code));
        assert!(are_refusals && packets.len() < 2, "{packets:?}");
    }
}
