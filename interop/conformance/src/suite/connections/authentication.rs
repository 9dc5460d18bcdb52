//! Tests enhanced authentication with a broker that supports no authentication method, and publishes that are not
//! authorized.

use super::expect_close_after;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Properties, packet_from_parts, property};

cases! {
    an_unknown_authentication_method_is_refused: "MQTT5-4.12.0-1", "MQTT5-3.2.2-7", "TRAP5-112";
    a_client_without_a_method_gets_no_auth_packet_or_property: "MQTT5-4.12.0-6";
    auth_from_a_client_without_a_method_ends_the_connection: "MQTT5-4.12.0-7", "TRAP5-113";
    auth_with_flags_ends_the_connection: "MQTT5-3.15.1-1";
    auth_with_an_unlisted_reason_ends_the_connection: "MQTT5-3.15.2-1";
    an_unauthorized_publish_is_not_delivered [TIDEGATE_ONLY]: "TRAP3-114";
}

async fn an_unknown_authentication_method_is_refused(harness: Harness) {
    for method in ["X-NONE", "", "é"] {
        let builder = harness.connect("one").text(property::AUTHENTICATION_METHOD, method);
        builder.expect_refused(&[0x8C, 0x87]).await;
        let mut builder = harness.connect("one").text(property::AUTHENTICATION_METHOD, method);
        builder.connect.properties =
            builder.connect.properties.binary(property::AUTHENTICATION_DATA, b"proof");
        builder.user_name("user").password(b"secret").expect_refused(&[0x8C, 0x87]).await;
    }
}

async fn a_client_without_a_method_gets_no_auth_packet_or_property(harness: Harness) {
    let topic = harness.topic("a");
    for builder in [harness.connect("one"), harness.connect("one").user_name("user").password(b"secret")] {
        let (mut client, connack) = builder.open_with_connack().await;
        let properties = &connack.properties;
        assert!(!properties.has(property::AUTHENTICATION_METHOD), "{connack:?}");
        assert!(!properties.has(property::AUTHENTICATION_DATA), "{connack:?}");
        client.subscribe(&topic, 2).await;
        for qos in 0..3 {
            client.publish(&topic, "x", qos).await;
            client.receive().await;
        }
        client.ping().await;
        assert!(!client.has_received(PacketType::Auth));
        client.disconnect().await;
    }
}

/// The broker cannot use the reason code 0x8C (Bad authentication method) here: the standard does not list it for
/// DISCONNECT, and the parser of this suite rejects a DISCONNECT with it.
async fn auth_from_a_client_without_a_method_ends_the_connection(harness: Harness) {
    let method = Properties::default().text(property::AUTHENTICATION_METHOD, "X-NONE");
    for code in [0x18, 0x19] {
        let auth = packet_from_parts(0xF0, &[&[code], &method.encode()]);
        expect_close_after(&harness, &auth, &[0x82]).await;
    }
    // The last packet is an AUTH in its short form, which omits the reason code 0x00.
    expect_close_after(&harness, &[0xF0, 0], &[0x82, 0x81]).await;
}

async fn auth_with_flags_ends_the_connection(harness: Harness) {
    let method = Properties::default().text(property::AUTHENTICATION_METHOD, "X-NONE");
    for first in [0xF1, 0xF2, 0xF8] {
        expect_close_after(&harness, &packet_from_parts(first, &[&[0x18], &method.encode()]), &[0x81, 0x82])
            .await;
    }
}

async fn auth_with_an_unlisted_reason_ends_the_connection(harness: Harness) {
    let method = Properties::default().text(property::AUTHENTICATION_METHOD, "X-NONE");
    for code in [0x01, 0x17, 0x1A, 0x87, 0xFF] {
        expect_close_after(&harness, &packet_from_parts(0xF0, &[&[code], &method.encode()]), &[0x81, 0x82])
            .await;
    }
}

/// Clients may not publish to topics that begin with `$`. 3.1.1 has no reason code for a refusal, so Tidegate
/// acknowledges the message and drops it.
async fn an_unauthorized_publish_is_not_delivered(harness: Harness) {
    let topic = format!("$SYS/{}", harness.topic("a"));
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    let mut client = harness.client("one").await;
    for qos in 0..3 {
        client.publish(&topic, "x", qos).await;
        client.publish_retained(&topic, "x", qos).await;
    }
    client.ping().await;
    watcher.expect_no_message().await;
    harness.subscriber("late", &topic, 2).await.expect_no_message().await;
}
