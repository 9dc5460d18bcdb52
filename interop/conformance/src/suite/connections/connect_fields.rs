//! Tests the payload fields of CONNECT: each field is present if and only if its flag is set, and the fields have a
//! fixed order.

use super::watcher;
use crate::case::cases;
use crate::client::ConnectBuilder;
use crate::harness::Harness;
use crate::wire::{PacketType, Properties, Will, length_prefixed, property};

cases! {
    the_reserved_flag_is_zero: "MQTT5-3.1.2-3", "MQTT3-3.1.2-3";
    a_will_flag_without_a_will_is_refused: "MQTT5-3.1.2-9", "MQTT3-3.1.2-9";
    will_bits_without_the_will_flag_are_refused: "MQTT5-3.1.2-11", "MQTT5-3.1.2-13", "MQTT3-3.1.2-11", "MQTT3-3.1.2-13", "MQTT3-3.1.2-15";
    will_fields_without_the_will_flag_are_refused: "MQTT3-3.1.2-11", "MQTT5-3.1.4-1", "MQTT3-3.1.4-1";
    will_qos_3_is_refused: "MQTT5-3.1.2-12", "MQTT3-3.1.2-14";
    a_user_name_without_its_flag_is_refused: "MQTT5-3.1.2-16", "MQTT3-3.1.2-18";
    a_user_name_flag_without_a_user_name_is_refused: "MQTT5-3.1.2-17", "MQTT3-3.1.2-19";
    a_password_without_its_flag_is_refused: "MQTT5-3.1.2-18", "MQTT3-3.1.2-20";
    a_password_flag_without_a_password_is_refused: "MQTT5-3.1.2-19", "MQTT3-3.1.2-21";
    a_password_without_a_user_name_is_valid_only_in_version_5: "MQTT5-3.1.2-19", "MQTT3-3.1.2-22";
    credentials_announced_by_their_flags_are_read: "MQTT5-3.1.2-17", "MQTT5-3.1.2-19", "MQTT3-3.1.2-19", "MQTT3-3.1.2-21";
    the_fields_have_a_fixed_order: "MQTT5-3.1.3-1", "MQTT3-3.1.3-1";
    a_missing_client_identifier_is_refused: "MQTT5-3.1.3-3", "MQTT3-3.1.3-3";
}

/// Checks that the broker refuses a CONNECT with these connect flags, and these fields after the client identifier, as
/// malformed. In 3.1.1, the broker has to close the connection without CONNACK.
async fn expect_malformed(harness: &Harness, flags: u8, fields: &[&[u8]]) {
    let builder = harness.connect("one");
    let bytes = with_fields(&builder, flags, fields);
    builder.expect_bytes_refused(&bytes, &[0x81, 0x82]).await;
}

fn with_fields(builder: &ConnectBuilder<'_>, flags: u8, fields: &[&[u8]]) -> Vec<u8> {
    let client_id = length_prefixed(builder.connect.client_id.as_bytes());
    builder.connect.encode_with(flags, &[&client_id, &fields.concat()[..]].concat())
}

async fn the_reserved_flag_is_zero(harness: Harness) {
    for flags in [0x01, 0x03] {
        expect_malformed(&harness, flags, &[]).await;
    }
}

async fn a_will_flag_without_a_will_is_refused(harness: Harness) {
    let topic = length_prefixed(harness.topic("a").as_bytes());
    for flags in [0x06, 0x0E, 0x36] {
        expect_malformed(&harness, flags, &[]).await;
        if harness.is_v5() {
            expect_malformed(&harness, flags, &[&[0]]).await;
            expect_malformed(&harness, flags, &[&[0], &topic]).await;
            expect_malformed(&harness, flags, &[&topic, &length_prefixed(b"x")]).await;
        } else {
            expect_malformed(&harness, flags, &[&topic]).await;
        }
    }
}

async fn will_bits_without_the_will_flag_are_refused(harness: Harness) {
    for flags in [0x0A, 0x12, 0x1A, 0x22, 0x2A, 0x32] {
        expect_malformed(&harness, flags, &[]).await;
    }
}

async fn will_fields_without_the_will_flag_are_refused(harness: Harness) {
    let mut observer = watcher(&harness).await;
    let properties = if harness.is_v5() { &[0][..] } else { &[] };
    expect_malformed(
        &harness,
        0x02,
        &[properties, &length_prefixed(harness.topic("a").as_bytes()), &length_prefixed(b"stray")],
    )
    .await;
    observer.expect_no_message().await;
}

async fn will_qos_3_is_refused(harness: Harness) {
    let mut observer = watcher(&harness).await;
    let topic = length_prefixed(harness.topic("a").as_bytes());
    let properties = if harness.is_v5() { &[0][..] } else { &[] };
    for flags in [0x1E, 0x3E] {
        expect_malformed(&harness, flags, &[properties, &topic, &length_prefixed(b"stray")]).await;
    }
    observer.expect_no_message().await;
}

async fn a_user_name_without_its_flag_is_refused(harness: Harness) {
    expect_malformed(&harness, 0x02, &[&length_prefixed(b"user")]).await;
}

async fn a_user_name_flag_without_a_user_name_is_refused(harness: Harness) {
    expect_malformed(&harness, 0x82, &[]).await;
    expect_malformed(&harness, 0x82, &[&[0, 4], b"use"]).await;
    // The flags announce a user name and a password, but the packet contains only one field.
    expect_malformed(&harness, 0xC2, &[&length_prefixed(b"secret")]).await;
}

async fn a_password_without_its_flag_is_refused(harness: Harness) {
    expect_malformed(&harness, 0x82, &[&length_prefixed(b"user"), &length_prefixed(b"secret")]).await;
}

async fn a_password_flag_without_a_password_is_refused(harness: Harness) {
    expect_malformed(&harness, 0xC2, &[&length_prefixed(b"user")]).await;
    expect_malformed(&harness, 0xC2, &[&length_prefixed(b"user"), &[0, 6], b"secre"]).await;
    expect_malformed(&harness, 0x42, &[]).await;
}

async fn a_password_without_a_user_name_is_valid_only_in_version_5(harness: Harness) {
    if !harness.is_v5() {
        return expect_malformed(&harness, 0x42, &[&length_prefixed(b"secret")]).await;
    }
    // The broker may reject the password, but must not treat the packet as malformed.
    let mut client = harness.connect("one").password(b"secret").send().await;
    let connack = client.next().await;
    assert!([0, 0x86, 0x87].contains(&connack.code), "{:#04x}", connack.code);
}

async fn credentials_announced_by_their_flags_are_read(harness: Harness) {
    // A password may contain any bytes and may be empty.
    for password in [&b"secret"[..], b"", b"\xFF\0\x80"] {
        let builder = harness.connect("one").user_name("user").password(password);
        let mut client = builder.send().await;
        let connack = client.next().await;
        let legal = if harness.is_v5() { [0, 0x86, 0x87] } else { [0, 4, 5] };
        assert!(legal.contains(&connack.code), "{:#04x}", connack.code);
    }
    let mut client = harness.connect("one").user_name("user").send().await;
    assert_eq!(client.next().await.packet_type, PacketType::ConnAck);
}

async fn the_fields_have_a_fixed_order(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = watcher(&harness).await;
    let will = Will::new(&topic, "payload").qos(1);
    let will = match harness.is_v5() {
        true => will.properties(Properties::default().text(property::CONTENT_TYPE, "type")),
        false => will,
    };
    // All fields are present. A broker that reads them in another order mistakes one field for another.
    let builder = harness.connect("one").will(will).user_name("user").password(b"secret").keep_alive(600);
    builder.number(property::RECEIVE_MAXIMUM, 10).open().await.drop_connection().await;
    let message = watcher.receive().await;
    assert_eq!((message.topic.as_str(), message.payload.as_slice()), (topic.as_str(), &b"payload"[..]));
    assert_eq!(message.properties.get_text(property::CONTENT_TYPE), harness.is_v5().then_some("type"));
    if harness.is_v5() {
        // In the wrong order, the credentials come before the will, so that the broker finds the length of the user
        // name where the will properties belong.
        let wrong = [
            &length_prefixed(b"user")[..],
            &length_prefixed(b"secret"),
            &[0],
            &length_prefixed(b"a"),
            &length_prefixed(b"x"),
        ];
        expect_malformed(&harness, 0xC6, &wrong).await;
    }
    watcher.expect_no_message().await;
}

async fn a_missing_client_identifier_is_refused(harness: Harness) {
    let builder = harness.connect("one");
    for payload in [&[][..], &[0], &[0, 3, b'a', b'b']] {
        let bytes = builder.connect.encode_with(0x02, payload);
        harness.connect("one").expect_bytes_refused(&bytes, &[0x81, 0x82]).await;
    }
}
