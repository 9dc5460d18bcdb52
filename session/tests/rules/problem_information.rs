//! Request Problem Information 0: explanations go with PUBLISH, CONNACK and DISCONNECT alone. [MQTT5-3.1.2-29]

use tidegate_mqtt::{
    Ack, AckKind, AckProperties, ConnAck, Connect, Disconnect, Packet, ReasonCode, SubAck, UnsubAck,
};

use crate::pair::{Pair, id, lasting};

fn connect(wanted: bool) -> Connect {
    let mut connect = lasting();
    connect.request_problem_information = wanted;
    connect
}

fn explanation() -> Option<Box<AckProperties>> {
    Some(Box::new(AckProperties { reason_string: Some("why".to_owned()), ..AckProperties::default() }))
}

fn is_explained(packet: &Packet) -> bool {
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
        Ack { properties: explanation(), ..Ack::new(AckKind::PubRec, id(1), ReasonCode::NotAuthorized) }
            .into(),
        SubAck { packet_id: id(1), reasons: reasons.clone(), properties: explanation() }.into(),
        UnsubAck { packet_id: id(1), reasons, properties: explanation() }.into(),
        connack.into(),
        disconnect.into(),
    ]
}

#[test]
fn is_kept() {
    for (wanted, expected) in [(true, [true; 5]), (false, [false, false, false, true, true])] {
        let mut pair = Pair::new(connect(wanted));
        for packet in packets() {
            assert!(pair.session.send(&packet));
        }
        let explained: Vec<_> = pair.received().iter().map(is_explained).collect();
        assert_eq!(explained, expected);
    }
}

#[test]
fn is_kept_by_acknowledgements_sent_the_short_way() {
    for wanted in [true, false] {
        let mut pair = Pair::new(connect(wanted));
        let ack =
            Ack { properties: explanation(), ..Ack::new(AckKind::PubAck, id(1), ReasonCode::NotAuthorized) };
        assert!(pair.session.send_ack(&ack));
        assert_eq!(is_explained(&pair.received()[0]), wanted);
    }
}
