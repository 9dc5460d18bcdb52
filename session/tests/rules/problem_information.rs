//! Request Problem Information 0: only PUBLISH, CONNACK and DISCONNECT carry reason string and user properties.
//! [MQTT5-3.1.2-29]

use tidegate_mqtt::{
    Ack, AckKind, AckProperties, ConnAck, Connect, Disconnect, Packet, ReasonCode, SubAck, UnsubAck,
};

use crate::pair::{SessionUnderTest, id, persistent_connect};

fn connect(request_problem_information: bool) -> Connect {
    let mut connect = persistent_connect();
    connect.request_problem_information = request_problem_information;
    connect
}

fn properties_with_reason_string() -> Option<Box<AckProperties>> {
    Some(Box::new(AckProperties { reason_string: Some("why".to_owned()), ..AckProperties::default() }))
}

fn has_reason_string(packet: &Packet) -> bool {
    match packet {
        Packet::Ack(ack) => ack.properties.is_some(),
        Packet::SubAck(suback) => suback.properties.is_some(),
        Packet::UnsubAck(unsuback) => unsuback.properties.is_some(),
        Packet::ConnAck(connack) => connack.reason_string.is_some(),
        Packet::Disconnect(disconnect) => disconnect.reason_string.is_some(),
        other => panic!("{other:?}"),
    }
}

fn packets() -> Vec<Packet> {
    let reasons = vec![ReasonCode::NotAuthorized];
    let mut connack = ConnAck::new(ReasonCode::Success, false);
    connack.reason_string = Some("why".to_owned());
    let mut disconnect = Disconnect::new(ReasonCode::ProtocolError);
    disconnect.reason_string = Some("why".to_owned());
    vec![
        Ack {
            properties: properties_with_reason_string(),
            ..Ack::new(AckKind::PubRec, id(1), ReasonCode::NotAuthorized)
        }
        .into(),
        SubAck { packet_id: id(1), reasons: reasons.clone(), properties: properties_with_reason_string() }
            .into(),
        UnsubAck { packet_id: id(1), reasons, properties: properties_with_reason_string() }.into(),
        connack.into(),
        disconnect.into(),
    ]
}

#[test]
fn a_client_that_declines_problem_information_gets_reason_strings_only_in_connack_and_disconnect() {
    for (requested, expected) in [(true, [true; 5]), (false, [false, false, false, true, true])] {
        let mut pair = SessionUnderTest::new(connect(requested));
        for packet in packets() {
            assert_eq!(pair.session.send(&packet), Ok(true));
        }
        let found: Vec<_> = pair.received().iter().map(has_reason_string).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn send_ack_respects_request_problem_information() {
    for requested in [true, false] {
        let mut pair = SessionUnderTest::new(connect(requested));
        let ack = Ack {
            properties: properties_with_reason_string(),
            ..Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized)
        };
        assert!(pair.session.send_ack(&ack));
        assert_eq!(has_reason_string(&pair.received()[0]), requested);
    }
}
