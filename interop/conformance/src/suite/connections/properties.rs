//! The length in front of properties, which is there even when there are none.

use super::cut_off_for;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Properties, frame, text};

cases! {
    an_empty_property_set_is_a_length_of_zero: "MQTT5-2.2.2-1";
    a_missing_property_length_ends_the_connection: "MQTT5-2.2.2-1";
}

/// A packet without the length would not be read at all; what is looked at here is that an empty set is written as 0.
async fn an_empty_property_set_is_a_length_of_zero(lab: Lab) {
    let topic = lab.topic("a");
    let (mut client, connack) = lab.connect("one").accepted().await;
    let suback = client.exchange_subscribe(&crate::wire::Subscribe::new(1).filter(&topic, 0)).await;
    client.publish(&topic, "x", 0).await;
    let message = client.receive().await;
    let unsuback = client.unsubscribe(&topic).await;
    for (packet, place) in [(connack, 4), (suback, 4), (unsuback, 4), (message, 4 + topic.len())] {
        let expected = packet.properties.encode();
        assert!(packet.bytes[place..].starts_with(&expected), "{packet:?}");
        assert!(packet.properties != Properties::default() || packet.bytes[place] == 0, "{packet:?}");
    }
}

async fn a_missing_property_length_ends_the_connection(lab: Lab) {
    let topic = text(lab.topic("a").as_bytes());
    let codes = &[0x81, 0x82];
    // The first byte of the filter's length stands for properties of length 0, and then nothing fits.
    cut_off_for(&lab, &frame(0x82, &[&[0, 1][..], &topic, &[0]].concat()), codes).await;
    cut_off_for(&lab, &frame(0xA2, &[&[0, 1][..], &topic].concat()), codes).await;
    cut_off_for(&lab, &frame(0x30, &topic), codes).await;
    let opening = lab.connect("broken");
    let mut body = text(b"MQTT");
    body.extend([5, 2, 0, 0]);
    body.extend(text(opening.connect.client_id.as_bytes()));
    opening.refused_as(&frame(0x10, &body), codes).await;
}
