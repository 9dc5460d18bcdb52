//! CONNACK announces only values that differ from the defaults, and only to MQTT 5 clients. [MQTT5-3.2.2-9]
//! [MQTT5-3.1.2-28] [MQTT5-3.2.2-3] [MQTT3-3.2.2-2]

use std::sync::Arc;

use tidegate_mqtt::{ConnAck, Connect, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Cause, Config, Connection};

use crate::pair::{SessionUnderTest, negotiate, persistent_connect};

fn connack(config: Config, connect: Connect) -> ConnAck {
    let config = Arc::new(config);
    negotiate(connect, &config).connack(true, &config)
}

#[test]
fn connack_announces_limits_but_no_available_capability() {
    let found = connack(Config::default(), persistent_connect());
    let expected = ConnAck {
        receive_maximum: Some(1024),
        packet_size_max: Some(1024 * 1024),
        topic_alias_maximum: Some(64),
        ..ConnAck::new(ReasonCode::Success, true)
    };
    assert_eq!(found, expected);
}

#[test]
fn the_server_enforces_the_announced_packet_size() {
    let config = Arc::new(Config { packet_size_max: 5000, ..Config::default() });
    let negotiated = negotiate(persistent_connect(), &config);
    assert_eq!(negotiated.connack(false, &config).packet_size_max, Some(5000));
    assert_eq!(Connection::new(&negotiated, config).packet_size_max(), 5000, "[MQTT5-3.2.2-15]");
}

#[test]
fn connack_announces_unavailable_capabilities() {
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
    assert_eq!(connack(config, persistent_connect()), expected);
}

#[test]
fn response_information_is_sent_only_on_request() {
    for requested in [false, true] {
        let config = Config { response_information: Some("answers/".into()), ..Config::default() };
        let mut connect = persistent_connect();
        connect.request_response_information = requested;
        let expected = requested.then(|| "answers/".to_owned());
        assert_eq!(connack(config, connect).response_information, expected);
    }
}

#[test]
fn the_session_expiry_is_announced_only_if_it_differs_from_the_request() {
    for (requested, max, announced) in
        [(Some(100), 200, None), (Some(300), 200, Some(200)), (None, 200, None)]
    {
        let mut connect = persistent_connect();
        connect.session_expiry = requested;
        let config = Config { session_expiry_max: max, ..Config::default() };
        assert_eq!(connack(config, connect).session_expiry, announced);
    }
}

#[test]
fn connack_before_mqtt_5_has_no_properties() {
    let config =
        Config { session_expiry_max: 1, keep_alive_max: 1, qos_max: QoS::AtMostOnce, ..Config::default() };
    for version in [ProtocolVersion::V3_1, ProtocolVersion::V3_1_1] {
        let found = connack(config.clone(), Connect::new(version, "client"));
        assert_eq!(found, ConnAck::new(ReasonCode::Success, true));
    }
}

#[test]
fn session_present_reports_whether_the_session_had_state() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    pair.detach(Cause::Closed);
    assert!(pair.connect(persistent_connect()).session_present);
    pair.detach(Cause::Closed);
    assert!(!pair.connect(Connect { clean_start: true, ..persistent_connect() }).session_present);
    pair.advance(3600);
    assert!(pair.connect(persistent_connect()).session_present, "time on a connection does not count");
}
