//! The client's Maximum Packet Size: no larger packet is sent, and dropping a message has no other effect.
//! [MQTT5-3.1.2-24] [MQTT5-3.1.2-25] [MQTT5-3.2.2-19] [MQTT5-3.4.2-2] [MQTT5-3.14.2-3]

use std::sync::Arc;

use tidegate_mqtt::{
    Ack, AckKind, AckProperties, Connect, Disconnect, Message, MessageParts, OutgoingPublish, Packet,
    PacketId, ProtocolVersion, QoS, ReasonCode, SubAck, topic,
};
use tidegate_session::{Cause, Delivery, DropReason, Verdict};

use crate::pair::{SessionUnderTest, id, message, persistent_connect};

fn connect_with_packet_size(size: u32) -> Connect {
    let mut connect = persistent_connect();
    connect.packet_size_max = Some(size);
    connect.receive_maximum = Some(1);
    connect
}

#[test]
fn the_maximum_packet_size_is_exact_for_every_qos() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for len in 0..300 {
            let mut pair = SessionUnderTest::new(connect_with_packet_size(150));
            let sent = message("a/topic/of/some/more/levels", &vec![0; len], None);
            let verdict = pair.push_message(&sent, qos);
            let mut outgoing = OutgoingPublish::from_message(&sent, pair.now);
            outgoing.qos = qos;
            outgoing.packet_id = (qos > QoS::AtMostOnce).then_some(PacketId::MIN);
            let size = outgoing.size(ProtocolVersion::V5);
            let expected = if size <= 150 { Verdict::Sent } else { Verdict::Dropped(DropReason::TooLarge) };
            assert_eq!(verdict, expected, "{size}");
            let wire = pair.wire();
            assert_eq!(wire.len(), if size <= 150 { size } else { 0 });
        }
    }
}

/// Returns a message with a Content Type property of 40 bytes.
fn message_with_content_type(payload: &[u8]) -> Arc<Message> {
    let mut properties = vec![0x03, 0, 40];
    properties.extend([b'x'; 40]);
    Arc::new(Message::from_parts(&MessageParts {
        topic: &topic::Name::parse("topic").unwrap(),
        properties: &properties,
        payload,
        qos: QoS::AtLeastOnce,
        retain: false,
        publisher: 7,
        expires_at: None,
    }))
}

#[test]
fn properties_and_subscription_identifiers_count_towards_the_maximum_packet_size() {
    for subscription_identifiers in [&[][..], &[268_435_455; 20]] {
        for len in 0..250 {
            let mut pair = SessionUnderTest::new(connect_with_packet_size(200));
            let sent = message_with_content_type(&vec![0; len]);
            let delivery = Delivery {
                message: &sent,
                qos: QoS::AtMostOnce,
                retain: false,
                subscription_identifiers,
                shared_filter: None,
            };
            // Fixed header 3, topic 2 + 5, property length 1 or 2, Content Type 43, each subscription identifier 5.
            let size = 54
                + len
                + 5 * subscription_identifiers.len()
                + usize::from(!subscription_identifiers.is_empty());
            let expected = if size <= 200 { Verdict::Sent } else { Verdict::Dropped(DropReason::TooLarge) };
            assert_eq!(pair.session.push(&delivery, pair.now), expected, "{size}");
            assert!(pair.wire().len() <= 200);
        }
    }
}

#[test]
fn a_dropped_message_uses_neither_identifier_nor_quota() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(100));
    let large = message("large", &[0; 200], None);
    assert_eq!(pair.push_message(&large, QoS::AtLeastOnce), Verdict::Dropped(DropReason::TooLarge));
    assert_eq!(pair.push("a", QoS::AtLeastOnce), Verdict::Sent);
    assert_eq!(pair.summary(), [("a".to_owned(), 1, false)]);
    let _ = pair.push_message(&large, QoS::AtLeastOnce);
    let _ = pair.push("b", QoS::AtLeastOnce);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.summary(), [("b".to_owned(), 2, false)], "the queue continues after the dropped message");
    assert_eq!(pair.session.take_drops().too_large, 2);
    assert!(pair.session.is_attached());
}

#[test]
fn a_smaller_maximum_packet_size_on_the_next_connection_drops_messages_to_resend() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let large = message("large", &[0; 200], None);
    let _ = pair.push_message(&large, QoS::AtLeastOnce);
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.detach(Cause::Closed);
    pair.connect(connect_with_packet_size(100));
    assert_eq!(pair.summary(), [("a".to_owned(), 2, true)]);
    assert_eq!(pair.session.inflight(), 1);
    assert_eq!(pair.session.take_drops().too_large, 1);
}

#[test]
fn frames_above_the_maximum_packet_size_are_not_copied() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(100));
    assert_eq!(pair.session.push_encoded(&[0x30; 101], 1, 101), Verdict::PushOneByOne);
    assert_eq!(pair.session.push_encoded(&[0x30; 300], 3, 100), Verdict::Sent);
}

#[test]
fn an_acknowledgement_that_is_too_large_is_sent_without_properties() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(30));
    let mut ack = Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized);
    let properties = AckProperties { reason_string: Some("x".repeat(100)), ..AckProperties::default() };
    ack.properties = Some(Box::new(properties));
    assert!(pair.session.send_ack(&ack));
    assert_eq!(pair.session.send(&Packet::Ack(ack)), Ok(true));
    let without_properties = Packet::Ack(Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized));
    assert_eq!(pair.received(), [without_properties.clone(), without_properties]);
}

#[test]
fn a_disconnect_that_is_too_large_is_sent_without_reason_string() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(30));
    let mut disconnect = Disconnect::new(ReasonCode::ProtocolError);
    disconnect.reason_string = Some("x".repeat(100));
    assert_eq!(pair.session.send(&disconnect.into()), Ok(true));
    assert_eq!(pair.received(), [Packet::from(Disconnect::new(ReasonCode::ProtocolError))]);
}

#[test]
fn a_packet_that_cannot_be_made_smaller_is_not_sent() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(30));
    let reasons = vec![ReasonCode::Success; 50];
    let suback = SubAck { packet_id: id(1), reasons, properties: None };
    assert_eq!(pair.session.send(&suback.into()), Ok(false));
    assert!(pair.session.write_buffer().is_empty());
}

#[test]
fn an_acknowledgement_that_fits_is_sent_unchanged_and_only_once() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(30));
    let mut ack = Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized);
    let properties = AckProperties { reason_string: Some("no".to_owned()), ..AckProperties::default() };
    ack.properties = Some(Box::new(properties));
    assert!(pair.session.send_ack(&ack));
    assert_eq!(pair.received(), [Packet::Ack(ack)]);
}

#[test]
fn the_maximum_packet_size_is_exact_for_control_packets_in_a_nonempty_write_buffer() {
    let mut pair = SessionUnderTest::new(connect_with_packet_size(30));
    // Fixed header 2, packet identifier 2, property length 1, one byte per reason code.
    for (reasons, sent) in [(25, true), (26, false)] {
        let suback =
            SubAck { packet_id: id(1), reasons: vec![ReasonCode::Success; reasons], properties: None };
        assert_eq!(pair.session.send(&Packet::PingResp), Ok(true));
        assert_eq!(pair.session.send(&suback.into()), Ok(sent));
        assert_eq!(pair.wire().len(), if sent { 32 } else { 2 });
    }
}
