//! The client does not send messages that exceed the limits announced in CONNACK.

use tidegate_mqtt::{ConnAck, Publish, QoS};

use super::{accepted, message, pair_with};
use crate::State;

/// Publishes a message above an announced limit, and returns the error. Checks that the connection still works.
async fn publish_under(limit: impl FnOnce(&mut ConnAck), candidate: Publish) -> String {
    let mut connack = accepted();
    limit(&mut connack);
    let (mut client, mut peer) = pair_with(State::default(), |_| {}, connack).await;
    let error = client.publish(candidate).await.unwrap_err().to_string();
    client.publish(message(QoS::AtMostOnce, "fine")).await.unwrap();
    assert_eq!(peer.receive_message().await.payload, "fine", "nothing was sent before");
    assert!(client.has_no_open_exchange());
    error
}

#[tokio::test]
async fn a_qos_above_maximum_qos_is_not_sent() {
    let limit = |connack: &mut ConnAck| connack.qos_max = Some(QoS::AtLeastOnce);
    let error = publish_under(limit, message(QoS::ExactlyOnce, "")).await;
    assert_eq!(error, "cannot be sent: the server's maximum QoS is 1");
}

#[tokio::test]
async fn a_retained_message_is_not_sent_without_retain_available() {
    let limit = |connack: &mut ConnAck| connack.retain_available = Some(false);
    let error = publish_under(limit, Publish { retain: true, ..message(QoS::AtMostOnce, "") }).await;
    assert_eq!(error, "cannot be sent: the server does not support retained messages");
}

#[tokio::test]
async fn an_alias_above_topic_alias_maximum_is_not_sent() {
    let limit = |connack: &mut ConnAck| connack.topic_alias_maximum = Some(2);
    let mut aliased = message(QoS::AtMostOnce, "");
    aliased.properties.alias = Some(3);
    let error = publish_under(limit, aliased).await;
    assert_eq!(error, "cannot be sent: the topic alias is 0 or above the server's maximum of 2");
}

#[tokio::test]
async fn a_packet_above_maximum_packet_size_is_not_sent() {
    let limit = |connack: &mut ConnAck| connack.packet_size_max = Some(20);
    let error = publish_under(limit, message(QoS::AtLeastOnce, "0123456789")).await;
    assert_eq!(error, "cannot be sent: the packet has 22 bytes, more than the server's maximum of 20");
}

#[tokio::test]
async fn a_message_that_cannot_be_encoded_is_not_sent() {
    let error = publish_under(|_| {}, Publish::new("a/#", "")).await;
    assert!(error.starts_with("cannot be sent: "), "{error}");
}
