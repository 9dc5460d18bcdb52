//! CONNACK announces unavailable features, and a client that uses one of them is refused. [MQTT5-3.2.2-9]
//! [MQTT5-3.2.2-11] [MQTT5-3.2.2-12] [MQTT5-3.2.2-13] [MQTT5-3.2.2-14] [MQTT5-3.3.4-6]

use std::sync::Arc;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Connect, Packet, PacketId, ProtocolVersion, Publish, PublishView, QoS, ReasonCode};
use tidegate_session::{Config, Connection, Handshake, Step, Violation};

use crate::pair::{negotiate, persistent_connect};
use crate::will::will;

fn admit(config: Config, publish: Publish) -> Result<(), Violation> {
    let config = Arc::new(config);
    let mut connection = Connection::new(&negotiate(persistent_connect(), &config), Arc::clone(&config));
    let mut wire = Vec::new();
    Packet::from(publish).encode(ProtocolVersion::V5, &mut wire).unwrap();
    let Ok(Next::Frame(frame)) = frame::next(&wire, ProtocolVersion::V5, u32::MAX) else { panic!() };
    let view = PublishView::parse(&frame, ProtocolVersion::V5).unwrap();
    connection.admit(&view).map(|_| ())
}

fn publish(qos: QoS, retain: bool) -> Publish {
    let mut publish = Publish::new("a", "");
    publish.qos = qos;
    publish.retain = retain;
    publish.packet_id = (qos > QoS::AtMostOnce).then_some(PacketId::MIN);
    publish
}

fn refusal(config: Config, connect: Connect) -> ReasonCode {
    let mut handshake = Handshake::new(Arc::new(config), None);
    match handshake.handle_connect(connect, String::new) {
        Step::Refuse(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_qos_and_retain_are_supported_by_default() {
    for qos in QoS::ALL {
        for retain in [false, true] {
            assert_eq!(admit(Config::default(), publish(qos, retain)), Ok(()));
        }
    }
}

#[test]
fn a_qos_above_the_maximum_is_refused() {
    for (qos_max, above) in [(QoS::AtMostOnce, QoS::AtLeastOnce), (QoS::AtLeastOnce, QoS::ExactlyOnce)] {
        let config = || Config { qos_max, ..Config::default() };
        assert_eq!(admit(config(), publish(qos_max, false)), Ok(()));
        let violation = admit(config(), publish(above, false)).unwrap_err();
        assert_eq!(violation.reason(), ReasonCode::QoSNotSupported);
        let mut connect = persistent_connect();
        connect.will = Some(will(0));
        connect.will.as_mut().unwrap().qos = above;
        assert_eq!(refusal(config(), connect), ReasonCode::QoSNotSupported);
    }
}

#[test]
fn a_retained_message_is_refused_when_retain_is_unavailable() {
    let config = || Config { retain_available: false, ..Config::default() };
    assert_eq!(admit(config(), publish(QoS::AtMostOnce, false)), Ok(()));
    let violation = admit(config(), publish(QoS::AtMostOnce, true)).unwrap_err();
    assert_eq!(violation.reason(), ReasonCode::RetainNotSupported);
    let mut connect = persistent_connect();
    connect.will = Some(will(0));
    connect.will.as_mut().unwrap().retain = true;
    assert_eq!(refusal(config(), connect), ReasonCode::RetainNotSupported);
}

#[test]
fn a_will_within_the_capabilities_is_accepted() {
    let accepted = |config: Config, qos, retain| {
        let mut connect = persistent_connect();
        let will = connect.will.insert(will(0));
        (will.qos, will.retain) = (qos, retain);
        negotiate(connect, &Arc::new(config)).will.is_some()
    };
    for qos in QoS::ALL {
        assert!(accepted(Config { qos_max: qos, ..Config::default() }, qos, true), "{qos:?}");
    }
    assert!(accepted(Config { retain_available: false, ..Config::default() }, QoS::AtLeastOnce, false));
}

#[test]
fn a_subscription_identifier_from_the_client_is_a_violation() {
    let mut with_identifier = publish(QoS::AtMostOnce, false);
    with_identifier.properties.subscription_identifiers = vec![3];
    let violation = admit(Config::default(), with_identifier).unwrap_err();
    assert_eq!(violation, Violation::IdentifierInPublish);
    assert_eq!(violation.reason(), ReasonCode::ProtocolError);
}
