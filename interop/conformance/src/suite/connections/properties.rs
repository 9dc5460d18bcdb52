//! Tests the property length, which is present even if there are no properties.

use super::expect_close_after;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Properties, length_prefixed, packet_with_body};

cases! {
    an_empty_property_set_is_a_length_of_zero: "MQTT5-2.2.2-1";
    a_missing_property_length_ends_the_connection: "MQTT5-2.2.2-1";
}

/// The parser of this suite rejects a packet without a property length. This test also checks that the property length
/// is 0 if the packet has no properties.
async fn an_empty_property_set_is_a_length_of_zero(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, connack) = harness.connect("one").open_with_connack().await;
    let suback = client.exchange_subscribe(&crate::wire::Subscribe::new(1).filter(&topic, 0)).await;
    client.publish(&topic, "x", 0).await;
    let message = client.receive().await;
    let unsuback = client.unsubscribe(&topic).await;
    for (packet, index) in [(connack, 4), (suback, 4), (unsuback, 4), (message, 4 + topic.len())] {
        let expected = packet.properties.encode();
        assert!(packet.bytes[index..].starts_with(&expected), "{packet:?}");
        assert!(packet.properties != Properties::default() || packet.bytes[index] == 0, "{packet:?}");
    }
}

async fn a_missing_property_length_ends_the_connection(harness: Harness) {
    let topic = length_prefixed(harness.topic("a").as_bytes());
    let codes = &[0x81, 0x82];
    // The broker reads the first byte of the filter's length as a property length of 0, and the rest does not fit.
    expect_close_after(&harness, &packet_with_body(0x82, &[&[0, 1][..], &topic, &[0]].concat()), codes).await;
    expect_close_after(&harness, &packet_with_body(0xA2, &[&[0, 1][..], &topic].concat()), codes).await;
    expect_close_after(&harness, &packet_with_body(0x30, &topic), codes).await;
    let builder = harness.connect("broken");
    let mut body = length_prefixed(b"MQTT");
    body.extend([5, 2, 0, 0]);
    body.extend(length_prefixed(builder.connect.client_id.as_bytes()));
    builder.expect_bytes_refused(&packet_with_body(0x10, &body), codes).await;
}
