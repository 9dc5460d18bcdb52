//! The client's Maximum Packet Size: nothing larger is sent; a message too large costs nothing else. [MQTT5-3.1.2-24]
//! [MQTT5-3.1.2-25] [MQTT5-3.2.2-19] [MQTT5-3.4.2-2] [MQTT5-3.14.2-3]

use std::sync::Arc;

use tidegate_mqtt::{
    Ack, AckKind, AckProperties, Connect, Disconnect, Message, MessageParts, Outgoing, Packet, PacketId,
    ProtocolVersion, QoS, ReasonCode, SubAck, topic,
};
use tidegate_session::{Cause, Delivery, Drop, Verdict};

use crate::pair::{Pair, id, lasting, message};

fn small(size: u32) -> Connect {
    let mut connect = lasting();
    connect.packet_size_max = Some(size);
    connect.receive_maximum = Some(1);
    connect
}

#[test]
fn the_limit_is_exact_for_every_qos() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for len in 0..300 {
            let mut pair = Pair::new(small(150));
            let sent = message("a/topic/of/some/more/levels", &vec![0; len], None);
            let verdict = pair.push_message(&sent, qos);
            let mut outgoing = Outgoing::of(&sent, pair.now);
            outgoing.qos = qos;
            outgoing.packet_id = (qos > QoS::AtMostOnce).then_some(PacketId::MIN);
            let size = outgoing.size(ProtocolVersion::V5);
            let expected = if size <= 150 { Verdict::Sent } else { Verdict::Dropped(Drop::TooLarge) };
            assert_eq!(verdict, expected, "{size}");
            let wire = pair.wire();
            assert_eq!(wire.len(), if size <= 150 { size } else { 0 });
        }
    }
}

/// A message with the property Content Type of 40 bytes.
fn typed(payload: &[u8]) -> Arc<Message> {
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
fn properties_and_subscription_identifiers_count() {
    for identifiers in [&[][..], &[268_435_455; 20]] {
        for len in 0..250 {
            let mut pair = Pair::new(small(200));
            let sent = typed(&vec![0; len]);
            let delivery =
                Delivery { message: &sent, qos: QoS::AtMostOnce, retain: false, identifiers, share: None };
            // Fixed header 3, topic 2 + 5, property length 1 or 2, Content Type 43, identifiers 5 each.
            let size = 54 + len + 5 * identifiers.len() + usize::from(!identifiers.is_empty());
            let expected = if size <= 200 { Verdict::Sent } else { Verdict::Dropped(Drop::TooLarge) };
            assert_eq!(pair.session.push(&delivery, pair.now), expected, "{size}");
            assert!(pair.wire().len() <= 200);
        }
    }
}

#[test]
fn dropping_costs_neither_identifier_nor_quota_nor_order() {
    let mut pair = Pair::new(small(100));
    let large = message("large", &[0; 200], None);
    assert_eq!(pair.push_message(&large, QoS::AtLeastOnce), Verdict::Dropped(Drop::TooLarge));
    assert_eq!(pair.push("a", QoS::AtLeastOnce), Verdict::Sent);
    assert_eq!(pair.summary(), [("a".to_owned(), 1, false)]);
    let _ = pair.push_message(&large, QoS::AtLeastOnce);
    let _ = pair.push("b", QoS::AtLeastOnce);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.summary(), [("b".to_owned(), 2, false)], "the queue goes on behind it");
    assert_eq!(pair.session.take_drops().too_large, 2);
    assert!(pair.session.is_attached());
}

#[test]
fn a_smaller_limit_on_the_next_connection_drops_what_was_open() {
    let mut pair = Pair::new(lasting());
    let large = message("large", &[0; 200], None);
    let _ = pair.push_message(&large, QoS::AtLeastOnce);
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.detach(Cause::Closed);
    pair.connect(small(100));
    assert_eq!(pair.summary(), [("a".to_owned(), 2, true)]);
    assert_eq!(pair.session.inflight(), 1);
    assert_eq!(pair.session.take_drops().too_large, 1);
}

#[test]
fn frames_too_large_are_not_copied() {
    let mut pair = Pair::new(small(100));
    assert_eq!(pair.session.push_encoded(&[0x30; 101], 1, 101), Verdict::Individually);
    assert_eq!(pair.session.push_encoded(&[0x30; 300], 3, 100), Verdict::Sent);
}

#[test]
fn acknowledgements_lose_their_explanation_first() {
    let mut pair = Pair::new(small(30));
    let mut ack = Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized);
    let explanation = AckProperties { reason_string: Some("x".repeat(100)), ..AckProperties::default() };
    ack.properties = Some(Box::new(explanation));
    assert!(pair.session.send_ack(&ack));
    assert!(pair.session.send(&Packet::Ack(ack)));
    let bare = Packet::Ack(Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized));
    assert_eq!(pair.received(), [bare.clone(), bare]);
}

#[test]
fn so_does_disconnect() {
    let mut pair = Pair::new(small(30));
    let mut disconnect = Disconnect::new(ReasonCode::ProtocolError);
    disconnect.reason_string = Some("x".repeat(100));
    assert!(pair.session.send(&disconnect.into()));
    assert_eq!(pair.received(), [Packet::from(Disconnect::new(ReasonCode::ProtocolError))]);
}

#[test]
fn what_is_still_too_large_is_not_sent() {
    let mut pair = Pair::new(small(30));
    let reasons = vec![ReasonCode::Success; 50];
    let suback = SubAck { packet_id: id(1), reasons, properties: None };
    assert!(!pair.session.send(&suback.into()));
    assert!(pair.session.write_buffer().is_empty());
}

#[test]
fn an_acknowledgement_that_fits_goes_once_as_it_is() {
    let mut pair = Pair::new(small(30));
    let mut ack = Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized);
    let explanation = AckProperties { reason_string: Some("no".to_owned()), ..AckProperties::default() };
    ack.properties = Some(Box::new(explanation));
    assert!(pair.session.send_ack(&ack));
    assert_eq!(pair.received(), [Packet::Ack(ack)]);
}

#[test]
fn the_limit_is_exact_for_control_packets_whatever_is_pending() {
    let mut pair = Pair::new(small(30));
    // Fixed header 2, identifier 2, property length 1, a byte each reason.
    for (reasons, sent) in [(25, true), (26, false)] {
        let suback =
            SubAck { packet_id: id(1), reasons: vec![ReasonCode::Success; reasons], properties: None };
        assert!(pair.session.send(&Packet::PingResp));
        assert_eq!(pair.session.send(&suback.into()), sent);
        assert_eq!(pair.wire().len(), if sent { 32 } else { 2 });
    }
}
