//! A session that is resumed on another connection.

use tidegate_mqtt::{AckKind, ConnAck, Publish, QoS, ReasonCode};

use super::{accepted, message, pair, pair_with, received};
use crate::State;

fn connack_with_session() -> ConnAck {
    ConnAck::new(ReasonCode::Success, true)
}

/// Returns the state after an interruption: an unacknowledged QoS 1 message, a QoS 2 message after PUBREC, an
/// unacknowledged QoS 2 message, and a received QoS 2 message that is not released.
async fn interrupted() -> State {
    let (mut client, mut peer) = pair().await;
    for (qos, payload) in [(QoS::AtLeastOnce, "a"), (QoS::ExactlyOnce, "b"), (QoS::ExactlyOnce, "c")] {
        client.publish(message(qos, payload)).await.unwrap();
        peer.receive_message().await;
    }
    peer.send_ack(AckKind::PubRec, 2).await;
    peer.send(received(QoS::ExactlyOnce, 9, "d")).await;
    client.message().await.unwrap();
    client.drop_without_disconnect()
}

#[tokio::test]
async fn unacknowledged_packets_are_retransmitted_in_order() {
    let (client, mut peer) = pair_with(interrupted().await, |_| {}, connack_with_session()).await;
    let retransmitted = Publish { dup: true, ..received(QoS::AtLeastOnce, 1, "a") };
    drive(client);
    assert_eq!(peer.receive_message().await, retransmitted);
    peer.expect_ack(AckKind::PubRel, 2).await;
    let retransmitted = Publish { dup: true, ..received(QoS::ExactlyOnce, 3, "c") };
    assert_eq!(peer.receive_message().await, retransmitted);
}

#[tokio::test]
async fn a_received_qos_2_message_is_not_delivered_again() {
    let (mut client, mut peer) = pair_with(interrupted().await, |_| {}, connack_with_session()).await;
    peer.send(Publish { dup: true, ..received(QoS::ExactlyOnce, 9, "d") }).await;
    peer.send(message(QoS::AtMostOnce, "next")).await;
    assert_eq!(client.message().await.unwrap().payload, "next");
}

#[tokio::test]
async fn without_session_present_the_state_is_cleared() {
    let (client, _peer) = pair_with(interrupted().await, |_| {}, accepted()).await;
    assert!(client.state().has_no_open_exchange());
}

#[tokio::test]
async fn the_new_receive_maximum_applies_to_retransmissions() {
    let mut connack = connack_with_session();
    connack.receive_maximum = Some(1);
    let (client, mut peer) = pair_with(interrupted().await, |_| {}, connack).await;
    drive(client);
    assert_eq!(peer.receive_message().await.payload, "a");
    peer.send_ack(AckKind::PubAck, 1).await;
    peer.expect_ack(AckKind::PubRel, 2).await;
    assert_eq!(peer.receive_message().await.payload, "c");
}

#[tokio::test]
async fn packet_identifiers_in_use_are_not_reused() {
    let (mut client, mut peer) = pair_with(interrupted().await, |_| {}, connack_with_session()).await;
    let packet_id = client.publish(message(QoS::AtLeastOnce, "new")).await.unwrap().unwrap();
    assert_eq!(packet_id.get(), 4);
    for _ in 0..3 {
        peer.receive().await;
    }
    assert_eq!(peer.receive_message().await.packet_id, Some(packet_id));
}

/// Drives a client in the background.
fn drive(mut client: crate::Client) {
    tokio::spawn(async move { client.finish_exchanges().await });
}
