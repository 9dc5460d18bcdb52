//! Enhanced authentication where the broker has no method for it, and who may publish where.

use super::cut_off_for;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Properties, packet, property};

cases! {
    an_unknown_authentication_method_is_refused: "MQTT5-4.12.0-1", "MQTT5-3.2.2-7", "TRAP5-112";
    a_client_without_a_method_sees_nothing_of_authentication: "MQTT5-4.12.0-6";
    auth_of_a_client_without_a_method_ends_its_connection: "MQTT5-4.12.0-7", "TRAP5-113";
    auth_with_flags_ends_the_connection: "MQTT5-3.15.1-1";
    auth_with_another_reason_ends_the_connection: "MQTT5-3.15.2-1";
    a_publish_that_is_not_allowed_goes_nowhere [OWN]: "TRAP3-114";
}

async fn an_unknown_authentication_method_is_refused(lab: Lab) {
    for method in ["X-NONE", "", "é"] {
        let opening = lab.connect("one").text(property::AUTHENTICATION_METHOD, method);
        opening.refused(&[0x8C, 0x87]).await;
        let mut opening = lab.connect("one").text(property::AUTHENTICATION_METHOD, method);
        opening.connect.properties =
            opening.connect.properties.binary(property::AUTHENTICATION_DATA, b"proof");
        opening.user_name("user").password(b"secret").refused(&[0x8C, 0x87]).await;
    }
}

async fn a_client_without_a_method_sees_nothing_of_authentication(lab: Lab) {
    let topic = lab.topic("a");
    for opening in [lab.connect("one"), lab.connect("one").user_name("user").password(b"secret")] {
        let (mut client, connack) = opening.accepted().await;
        let properties = &connack.properties;
        assert!(!properties.has(property::AUTHENTICATION_METHOD), "{connack:?}");
        assert!(!properties.has(property::AUTHENTICATION_DATA), "{connack:?}");
        client.subscribe(&topic, 2).await;
        for qos in 0..3 {
            client.publish(&topic, "x", qos).await;
            client.receive().await;
        }
        client.ping().await;
        assert!(!client.has(Kind::Auth));
        client.leave().await;
    }
}

/// 0x8C is no reason for DISCONNECT; the reader would refuse it.
async fn auth_of_a_client_without_a_method_ends_its_connection(lab: Lab) {
    let method = Properties::default().text(property::AUTHENTICATION_METHOD, "X-NONE");
    for code in [0x18, 0x19] {
        let auth = packet(0xF0, &[&[code], &method.encode()]);
        cut_off_for(&lab, &auth, &[0x82]).await;
    }
    // Success, in the short form.
    cut_off_for(&lab, &[0xF0, 0], &[0x82, 0x81]).await;
}

async fn auth_with_flags_ends_the_connection(lab: Lab) {
    let method = Properties::default().text(property::AUTHENTICATION_METHOD, "X-NONE");
    for first in [0xF1, 0xF2, 0xF8] {
        cut_off_for(&lab, &packet(first, &[&[0x18], &method.encode()]), &[0x81, 0x82]).await;
    }
}

async fn auth_with_another_reason_ends_the_connection(lab: Lab) {
    let method = Properties::default().text(property::AUTHENTICATION_METHOD, "X-NONE");
    for code in [0x01, 0x17, 0x1A, 0x87, 0xFF] {
        cut_off_for(&lab, &packet(0xF0, &[&[code], &method.encode()]), &[0x81, 0x82]).await;
    }
}

/// Topics of the broker are not for clients. 3.1.1 has no code to say so: it is acknowledged and dropped.
async fn a_publish_that_is_not_allowed_goes_nowhere(lab: Lab) {
    let topic = format!("$SYS/{}", lab.topic("a"));
    let mut watcher = lab.subscriber("watcher", &topic, 2).await;
    let mut client = lab.client("one").await;
    for qos in 0..3 {
        client.publish(&topic, "x", qos).await;
        client.publish_retained(&topic, "x", qos).await;
    }
    client.ping().await;
    watcher.hears_nothing().await;
    lab.subscriber("late", &topic, 2).await.hears_nothing().await;
}
