//! Receiving: acknowledgements by the client or the caller, duplicates, aliases, and packets in pieces.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    AckKind, Packet, PacketId, Publish, QoS, ReasonCode, SubAck, SubscriptionOptions, UserProperties,
};

use super::{accepted, ack, message, pair, pair_with, received};
use crate::{AckSender, ClientError, Event, State};

#[tokio::test]
async fn messages_are_acknowledged_when_the_caller_takes_them() {
    let (mut client, mut peer) = pair().await;
    peer.send(message(QoS::AtMostOnce, "a")).await;
    peer.send(received(QoS::AtLeastOnce, 7, "b")).await;
    peer.send(received(QoS::ExactlyOnce, 8, "c")).await;
    for payload in ["a", "b", "c"] {
        assert_eq!(client.message().await.unwrap().payload, payload);
    }
    peer.expect_ack(AckKind::PubAck, 7).await;
    peer.expect_ack(AckKind::PubRec, 8).await;
    assert_eq!(client.state().unreleased().collect::<Vec<_>>(), [PacketId::new(8).unwrap()]);
    peer.send_ack(AckKind::PubRel, 8).await;
    client.finish_exchanges().await.unwrap();
    peer.expect_ack(AckKind::PubComp, 8).await;
}

#[tokio::test]
async fn a_message_that_the_caller_has_not_taken_is_not_acknowledged() {
    let (mut client, mut peer) = pair().await;
    peer.send(received(QoS::AtLeastOnce, 7, "a")).await;
    peer.send(Packet::PingResp).await;
    let (pong, request) = tokio::join!(client.ping(), peer.receive());
    pong.unwrap();
    assert_eq!(request, Packet::PingReq, "there must be no PUBACK before PINGREQ");
    client.message().await.unwrap();
    peer.expect_ack(AckKind::PubAck, 7).await;
}

#[tokio::test]
async fn a_repeated_qos_2_message_is_delivered_once() {
    let (mut client, mut peer) = pair().await;
    peer.send(received(QoS::ExactlyOnce, 7, "a")).await;
    client.message().await.unwrap();
    peer.expect_ack(AckKind::PubRec, 7).await;
    peer.send(Publish { dup: true, ..received(QoS::ExactlyOnce, 7, "a") }).await;
    peer.send(message(QoS::AtMostOnce, "next")).await;
    assert_eq!(client.message().await.unwrap().payload, "next");
    peer.expect_ack(AckKind::PubRec, 7).await;
}

#[tokio::test]
async fn an_unknown_pubrel_is_answered_with_packet_identifier_not_found() {
    let (mut client, mut peer) = pair().await;
    peer.send_ack(AckKind::PubRel, 9).await;
    let pubcomp = async { peer.receive().await };
    tokio::select! {
        packet = pubcomp => {
            let Packet::Ack(pubcomp) = packet else { panic!("{packet:?}") };
            assert_eq!((pubcomp.kind, pubcomp.reason), (AckKind::PubComp, ReasonCode::PacketIdentifierNotFound));
        }
        event = client.event() => panic!("{event:?}"),
    }
}

/// A server that has lost its newest state may use the identifier again.
#[tokio::test]
async fn a_qos_1_message_with_the_identifier_of_an_unreleased_qos_2_message_is_delivered() {
    let (mut client, mut peer) = pair().await;
    peer.send(received(QoS::ExactlyOnce, 7, "a")).await;
    client.message().await.unwrap();
    peer.send(received(QoS::AtLeastOnce, 7, "b")).await;
    assert_eq!(client.message().await.unwrap().payload, "b");
    peer.expect_ack(AckKind::PubRec, 7).await;
    peer.expect_ack(AckKind::PubAck, 7).await;
}

#[tokio::test]
async fn the_caller_can_send_the_acknowledgements() {
    let by_caller = |options: &mut crate::Options| options.receiving = AckSender::Caller;
    let (mut client, mut peer) = pair_with(State::default(), by_caller, accepted()).await;
    peer.send(received(QoS::ExactlyOnce, 7, "a")).await;
    client.message().await.unwrap();
    peer.send(Packet::PingResp).await;
    client.ping().await.unwrap();
    assert_eq!(peer.receive().await, Packet::PingReq, "there must be no PUBREC before PINGREQ");
    client.acknowledge(&ack(AckKind::PubRec, 7)).await.unwrap();
    peer.expect_ack(AckKind::PubRec, 7).await;
    peer.send_ack(AckKind::PubRel, 7).await;
    assert!(matches!(client.event().await.unwrap(), Event::Ack(pubrel) if pubrel == ack(AckKind::PubRel, 7)));
}

#[tokio::test]
async fn the_servers_aliases_are_resolved_to_topics() {
    let allow = |options: &mut crate::Options| options.connect.topic_alias_maximum = Some(3);
    let (mut client, mut peer) = pair_with(State::default(), allow, accepted()).await;
    for (topic, alias) in [("a", 3), ("", 3), ("b", 3), ("", 3), ("", 2)] {
        let mut message = Publish::new(topic, "");
        message.properties.alias = Some(alias);
        peer.send(message).await;
    }
    for topic in ["a", "a", "b", "b"] {
        assert_eq!(client.message().await.unwrap().topic, topic);
    }
    assert!(
        matches!(client.message().await.unwrap_err(), ClientError::Unexpected(_)),
        "alias 2 was never set"
    );
}

#[tokio::test]
async fn packets_may_arrive_split_or_several_at_once() {
    let (mut client, mut peer) = pair().await;
    let mut bytes = Vec::new();
    for payload in ["a", "b", "c"] {
        let packet = Packet::from(message(QoS::AtMostOnce, payload));
        packet.encode(tidegate_mqtt::ProtocolVersion::V5, &mut bytes).unwrap();
    }
    let pieces = async {
        for byte in &bytes {
            peer.send_bytes(&[*byte]).await;
            tokio::task::yield_now().await;
        }
        peer.send_bytes(&bytes).await;
    };
    let all = async {
        for payload in ["a", "b", "c", "a", "b", "c"] {
            assert_eq!(client.message().await.unwrap().payload, payload);
        }
    };
    tokio::join!(pieces, all);
}

#[tokio::test]
async fn messages_received_before_suback_are_kept() {
    let (mut client, mut peer) = pair().await;
    let answer = async {
        let Packet::Subscribe(subscribe) = peer.receive().await else { panic!("no SUBSCRIBE") };
        assert_eq!((subscribe.identifier, subscribe.filters.len()), (Some(9), 1));
        peer.send(message(QoS::AtMostOnce, "early")).await;
        let reasons = vec![ReasonCode::GrantedQoS1];
        peer.send(SubAck { packet_id: subscribe.packet_id, reasons, properties: None }).await;
    };
    let filter = (SubscriptionFilter::parse("a/#").unwrap(), SubscriptionOptions::with_qos(QoS::AtLeastOnce));
    let (suback, ()) = tokio::join!(client.subscribe([filter], Some(9), UserProperties::new()), answer);
    assert_eq!(suback.unwrap().reasons, [ReasonCode::GrantedQoS1]);
    assert_eq!(client.message().await.unwrap().payload, "early");
}
