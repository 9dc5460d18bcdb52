//! CONNACK announces what differs from the defaults, and nothing to clients that cannot read it. [MQTT5-3.2.2-9]
//! [MQTT5-3.1.2-28] [MQTT5-3.2.2-3] [MQTT3-3.2.2-2]

use std::sync::Arc;

use tidegate_mqtt::{ConnAck, Connect, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Cause, Config, Connection};

use crate::pair::{Pair, agree, lasting};

fn connack(config: Config, connect: Connect) -> ConnAck {
    let config = Arc::new(config);
    agree(connect, &config).connack(true, &config)
}

#[test]
fn bounds_but_no_capability_that_is_there() {
    let found = connack(Config::default(), lasting());
    let expected = ConnAck {
        receive_maximum: Some(1024),
        packet_size_max: Some(1024 * 1024),
        topic_alias_maximum: Some(64),
        ..ConnAck::new(ReasonCode::Success, true)
    };
    assert_eq!(found, expected);
}

#[test]
fn the_packet_size_announced_is_the_one_in_force() {
    let config = Arc::new(Config { packet_size_max: 5000, ..Config::default() });
    let negotiated = agree(lasting(), &config);
    assert_eq!(negotiated.connack(false, &config).packet_size_max, Some(5000));
    assert_eq!(Connection::new(&negotiated, config).packet_size_max(), 5000, "[MQTT5-3.2.2-15]");
}

#[test]
fn what_is_not_served() {
    let config = Config {
        qos_max: QoS::AtLeastOnce,
        retain_available: false,
        wildcard_available: false,
        identifier_available: false,
        shared_available: false,
        topic_alias_maximum: 0,
        receive_maximum: u16::MAX,
        packet_size_max: u32::MAX,
        ..Config::default()
    };
    let expected = ConnAck {
        qos_max: Some(QoS::AtLeastOnce),
        retain_available: Some(false),
        wildcard_available: Some(false),
        identifier_available: Some(false),
        shared_available: Some(false),
        ..ConnAck::new(ReasonCode::Success, true)
    };
    assert_eq!(connack(config, lasting()), expected);
}

#[test]
fn response_information_only_when_asked_for() {
    for asked in [false, true] {
        let config = Config { response_information: Some("answers/".into()), ..Config::default() };
        let mut connect = lasting();
        connect.request_response_information = asked;
        let expected = asked.then(|| "answers/".to_owned());
        assert_eq!(connack(config, connect).response_information, expected);
    }
}

#[test]
fn the_session_expiry_only_when_it_is_not_what_was_asked() {
    for (asked, max, told) in [(Some(100), 200, None), (Some(300), 200, Some(200)), (None, 200, None)] {
        let mut connect = lasting();
        connect.session_expiry = asked;
        let config = Config { session_expiry_max: max, ..Config::default() };
        assert_eq!(connack(config, connect).session_expiry, told);
    }
}

#[test]
fn earlier_versions_have_no_properties() {
    let config =
        Config { session_expiry_max: 1, keep_alive_max: 1, qos_max: QoS::AtMostOnce, ..Config::default() };
    for version in [ProtocolVersion::V3_1, ProtocolVersion::V3_1_1] {
        let found = connack(config.clone(), Connect::new(version, "client"));
        assert_eq!(found, ConnAck::new(ReasonCode::Success, true));
    }
}

#[test]
fn session_present_tells_the_truth() {
    let mut pair = Pair::new(lasting());
    pair.detach(Cause::Closed);
    assert!(pair.connect(lasting()).session_present);
    pair.detach(Cause::Closed);
    assert!(!pair.connect(Connect { clean_start: true, ..lasting() }).session_present);
    pair.advance(3600);
    assert!(pair.connect(lasting()).session_present, "time on a connection does not count");
}
