//! Publishing: acknowledgements, the send quota and aliases.

use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, Publish, QoS, ReasonCode};

use super::{accepted, ack, message, pair, pair_with};
use crate::{AckSender, Event, State};

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

#[tokio::test]
async fn qos_0_needs_no_acknowledgement() {
    let (mut client, mut peer) = pair().await;
    assert_eq!(client.publish(message(QoS::AtMostOnce, "a")).await.unwrap(), None);
    assert_eq!(peer.receive_message().await, message(QoS::AtMostOnce, "a"));
    assert!(client.has_no_open_exchange());
}

#[tokio::test]
async fn puback_completes_a_qos_1_message() {
    let (mut client, mut peer) = pair().await;
    let packet_id = client.publish(message(QoS::AtLeastOnce, "a")).await.unwrap().unwrap();
    assert_eq!(peer.receive_message().await.packet_id, Some(packet_id));
    assert!(!client.has_no_open_exchange());
    peer.send_ack(AckKind::PubAck, packet_id.get()).await;
    assert_eq!(client.acknowledged(packet_id).await.unwrap().reason, ReasonCode::Success);
    assert!(client.has_no_open_exchange());
}

#[tokio::test]
async fn pubcomp_completes_a_qos_2_message() {
    let (mut client, mut peer) = pair().await;
    client.publish(message(QoS::ExactlyOnce, "a")).await.unwrap();
    peer.receive_message().await;
    peer.send_ack(AckKind::PubRec, 1).await;
    let completion = async {
        peer.expect_ack(AckKind::PubRel, 1).await;
        peer.send_ack(AckKind::PubComp, 1).await;
    };
    let (done, ()) = tokio::join!(client.acknowledged(id(1)), completion);
    assert_eq!(done.unwrap().reason, ReasonCode::Success);
    assert!(client.has_no_open_exchange());
}

#[tokio::test]
async fn an_error_in_pubrec_ends_the_message() {
    let (mut client, mut peer) = pair().await;
    client.publish(message(QoS::ExactlyOnce, "a")).await.unwrap();
    peer.receive_message().await;
    peer.send_refusal(Ack::new(AckKind::PubRec, id(1), ReasonCode::NotAuthorized)).await;
    assert_eq!(client.acknowledged(id(1)).await.unwrap().reason, ReasonCode::NotAuthorized);
    assert!(client.has_no_open_exchange());
}

#[tokio::test]
async fn the_servers_receive_maximum_limits_unacknowledged_messages() {
    let mut connack = accepted();
    connack.receive_maximum = Some(2);
    let (mut client, mut peer) = pair_with(State::default(), |_| {}, connack).await;
    for payload in ["a", "b"] {
        client.publish(message(QoS::AtLeastOnce, payload)).await.unwrap();
        assert_eq!(peer.receive_message().await.payload, payload);
    }
    assert!(!client.can_publish());
    peer.send_ack(AckKind::PubAck, 1).await;
    client.publish(message(QoS::AtLeastOnce, "c")).await.unwrap();
    assert_eq!(peer.receive_message().await.payload, "c");
    assert!(!client.can_publish());
}

#[tokio::test]
async fn the_caller_can_withhold_pubrel() {
    let (mut client, mut peer) =
        pair_with(State::default(), |options| options.sending = AckSender::Caller, accepted()).await;
    client.publish(message(QoS::ExactlyOnce, "a")).await.unwrap();
    peer.receive_message().await;
    peer.send_ack(AckKind::PubRec, 1).await;
    let Event::Ack(pubrec) = client.event().await.unwrap() else { panic!("no PUBREC") };
    assert_eq!(pubrec, ack(AckKind::PubRec, 1));
    client.acknowledge(&ack(AckKind::PubRel, 1)).await.unwrap();
    peer.expect_ack(AckKind::PubRel, 1).await;
}

#[tokio::test]
async fn an_alias_replaces_the_topic_from_the_second_message_on() {
    let mut connack = accepted();
    connack.topic_alias_maximum = Some(5);
    let (mut client, mut peer) = pair_with(State::default(), |_| {}, connack).await;
    for (topic, expected) in [("a", "a"), ("a", ""), ("b", "b"), ("b", ""), ("a", "a")] {
        let mut message = Publish::new(topic, "");
        message.properties.alias = Some(5);
        client.publish(message).await.unwrap();
        let sent = peer.receive_message().await;
        assert_eq!((sent.topic.as_str(), sent.properties.alias), (expected, Some(5)), "{topic}");
    }
}

#[tokio::test]
async fn bytes_and_packets_are_sent_unchanged() {
    let (mut client, mut peer) = pair().await;
    client.send(&Packet::PingReq).await.unwrap();
    client.send_bytes(&[0xC0, 0]).await.unwrap();
    assert_eq!(peer.receive().await, Packet::PingReq);
    assert_eq!(peer.receive().await, Packet::PingReq);
}
