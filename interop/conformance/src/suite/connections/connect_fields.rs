//! The fields of CONNECT's payload: there when their flags say so, absent otherwise, in one order.

use super::watcher;
use crate::case::cases;
use crate::client::Opening;
use crate::lab::Lab;
use crate::wire::{Kind, Properties, Will, property, text};

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
    a_password_without_a_user_name_is_for_5_alone: "MQTT5-3.1.2-19", "MQTT3-3.1.2-22";
    credentials_that_their_flags_announce_are_taken: "MQTT5-3.1.2-17", "MQTT5-3.1.2-19", "MQTT3-3.1.2-19", "MQTT3-3.1.2-21";
    the_fields_have_one_order: "MQTT5-3.1.3-1", "MQTT3-3.1.3-1";
    a_missing_client_identifier_is_refused: "MQTT5-3.1.3-3", "MQTT3-3.1.3-3";
}

/// A CONNECT with these flags and fields behind the client identifier is refused as malformed; 3.1.1 gets no word.
async fn refuse(lab: &Lab, flags: u8, fields: &[&[u8]]) {
    let opening = lab.connect("one");
    let bytes = with_fields(&opening, flags, fields);
    opening.refused_as(&bytes, &[0x81, 0x82]).await;
}

fn with_fields(opening: &Opening<'_>, flags: u8, fields: &[&[u8]]) -> Vec<u8> {
    let client_id = text(opening.connect.client_id.as_bytes());
    opening.connect.encode_with(flags, &[&client_id, &fields.concat()[..]].concat())
}

async fn the_reserved_flag_is_zero(lab: Lab) {
    for flags in [0x01, 0x03] {
        refuse(&lab, flags, &[]).await;
    }
}

async fn a_will_flag_without_a_will_is_refused(lab: Lab) {
    let topic = text(lab.topic("a").as_bytes());
    for flags in [0x06, 0x0E, 0x36] {
        refuse(&lab, flags, &[]).await;
        if lab.is_v5() {
            refuse(&lab, flags, &[&[0]]).await;
            refuse(&lab, flags, &[&[0], &topic]).await;
            refuse(&lab, flags, &[&topic, &text(b"x")]).await;
        } else {
            refuse(&lab, flags, &[&topic]).await;
        }
    }
}

async fn will_bits_without_the_will_flag_are_refused(lab: Lab) {
    for flags in [0x0A, 0x12, 0x1A, 0x22, 0x2A, 0x32] {
        refuse(&lab, flags, &[]).await;
    }
}

async fn will_fields_without_the_will_flag_are_refused(lab: Lab) {
    let mut witness = watcher(&lab).await;
    let properties = if lab.is_v5() { &[0][..] } else { &[] };
    refuse(&lab, 0x02, &[properties, &text(lab.topic("a").as_bytes()), &text(b"stray")]).await;
    witness.hears_nothing().await;
}

async fn will_qos_3_is_refused(lab: Lab) {
    let mut witness = watcher(&lab).await;
    let topic = text(lab.topic("a").as_bytes());
    let properties = if lab.is_v5() { &[0][..] } else { &[] };
    for flags in [0x1E, 0x3E] {
        refuse(&lab, flags, &[properties, &topic, &text(b"stray")]).await;
    }
    witness.hears_nothing().await;
}

async fn a_user_name_without_its_flag_is_refused(lab: Lab) {
    refuse(&lab, 0x02, &[&text(b"user")]).await;
}

async fn a_user_name_flag_without_a_user_name_is_refused(lab: Lab) {
    refuse(&lab, 0x82, &[]).await;
    refuse(&lab, 0x82, &[&[0, 4], b"use"]).await;
    // With the password flag as well one field is too few.
    refuse(&lab, 0xC2, &[&text(b"secret")]).await;
}

async fn a_password_without_its_flag_is_refused(lab: Lab) {
    refuse(&lab, 0x82, &[&text(b"user"), &text(b"secret")]).await;
}

async fn a_password_flag_without_a_password_is_refused(lab: Lab) {
    refuse(&lab, 0xC2, &[&text(b"user")]).await;
    refuse(&lab, 0xC2, &[&text(b"user"), &[0, 6], b"secre"]).await;
    refuse(&lab, 0x42, &[]).await;
}

async fn a_password_without_a_user_name_is_for_5_alone(lab: Lab) {
    if !lab.is_v5() {
        return refuse(&lab, 0x42, &[&text(b"secret")]).await;
    }
    // It may be a wrong password, but no malformed packet.
    let mut client = lab.connect("one").password(b"secret").send().await;
    let connack = client.next().await;
    assert!([0, 0x86, 0x87].contains(&connack.code), "{:#04x}", connack.code);
}

async fn credentials_that_their_flags_announce_are_taken(lab: Lab) {
    // A password may be any bytes, an empty one included.
    for password in [&b"secret"[..], b"", b"\xFF\0\x80"] {
        let opening = lab.connect("one").user_name("user").password(password);
        let mut client = opening.send().await;
        let connack = client.next().await;
        let legal = if lab.is_v5() { [0, 0x86, 0x87] } else { [0, 4, 5] };
        assert!(legal.contains(&connack.code), "{:#04x}", connack.code);
    }
    let mut client = lab.connect("one").user_name("user").send().await;
    assert_eq!(client.next().await.kind, Kind::ConnAck);
}

async fn the_fields_have_one_order(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = watcher(&lab).await;
    let will = Will::new(&topic, "payload").qos(1);
    let will = match lab.is_v5() {
        true => will.properties(Properties::default().text(property::CONTENT_TYPE, "type")),
        false => will,
    };
    // All fields, each of which would pass for another.
    let opening = lab.connect("one").will(will).user_name("user").password(b"secret").keep_alive(600);
    opening.number(property::RECEIVE_MAXIMUM, 10).open().await.cut().await;
    let message = watcher.receive().await;
    assert_eq!((message.topic.as_str(), message.payload.as_slice()), (topic.as_str(), &b"payload"[..]));
    assert_eq!(message.properties.get_text(property::CONTENT_TYPE), lab.is_v5().then_some("type"));
    if lab.is_v5() {
        // Credentials before the will: where its properties belong stands the length of a text.
        let wrong = [&text(b"user")[..], &text(b"secret"), &[0], &text(b"a"), &text(b"x")];
        refuse(&lab, 0xC6, &wrong).await;
    }
    watcher.hears_nothing().await;
}

async fn a_missing_client_identifier_is_refused(lab: Lab) {
    let opening = lab.connect("one");
    for payload in [&[][..], &[0], &[0, 3, b'a', b'b']] {
        let bytes = opening.connect.encode_with(0x02, payload);
        lab.connect("one").refused_as(&bytes, &[0x81, 0x82]).await;
    }
}
