//! Which client identifiers the server accepts, assigns or refuses. [MQTT5-3.1.3-5] to [MQTT5-3.1.3-8] [MQTT5-3.2.2-16]
//! [MQTT3-3.1.3-5] to [MQTT3-3.1.3-9]

use std::sync::Arc;

use tidegate_mqtt::{Connect, ProtocolVersion, ReasonCode};
use tidegate_session::{Config, Handshake, Negotiated, Step};

use ProtocolVersion::{V3_1, V3_1_1, V5};

fn try_connect(
    config: Config,
    version: ProtocolVersion,
    id: &str,
    clean: bool,
) -> Result<Negotiated, ReasonCode> {
    let mut connect = Connect::new(version, id);
    connect.clean_start = clean;
    let mut handshake = Handshake::new(Arc::new(config), None);
    match handshake.handle_connect(connect, || "assigned".to_owned()) {
        Step::Accept(negotiated) => Ok(negotiated),
        Step::Refuse(refusal) => Err(refusal.reason),
        Step::Send(packet) => panic!("{packet:?}"),
    }
}

#[test]
fn an_empty_identifier_is_replaced_or_refused_depending_on_the_version() {
    let refused = Err(ReasonCode::ClientIdentifierNotValid);
    for (version, clean, expected) in [
        (V5, true, Ok("assigned")),
        (V5, false, Ok("assigned")),
        (V3_1_1, true, Ok("assigned")),
        (V3_1_1, false, refused),
        (V3_1, true, refused),
        (V3_1, false, refused),
    ] {
        let negotiated = try_connect(Config::default(), version, "", clean);
        let found =
            negotiated.as_ref().map(|negotiated| negotiated.client_id.as_ref()).map_err(|reason| *reason);
        assert_eq!(found, expected, "{version} {clean}");
        if let Ok(negotiated) = negotiated {
            let announced = negotiated.connack(false, &Config::default()).assigned_client_id;
            assert_eq!(announced.is_some(), version.is_v5(), "only MQTT 5 can be told");
        }
    }
}

#[test]
fn connack_does_not_repeat_an_identifier_that_the_client_chose() {
    let negotiated = try_connect(Config::default(), V5, "mine", true).unwrap();
    assert!(!negotiated.assigned);
    assert_eq!(negotiated.client_id.as_ref(), "mine");
    assert_eq!(negotiated.connack(false, &Config::default()).assigned_client_id, None);
}

#[test]
fn identifiers_up_to_the_configured_length_are_accepted() {
    let config = || Config { client_id_len_max: 30, ..Config::default() };
    for version in ProtocolVersion::ALL {
        for len in [1, 23, 24, 30] {
            assert!(try_connect(config(), version, &"x".repeat(len), true).is_ok());
        }
        let refused = try_connect(config(), version, &"x".repeat(31), true).unwrap_err();
        assert_eq!(refused, ReasonCode::ClientIdentifierNotValid);
    }
}

#[test]
fn the_strict_length_limit_of_mqtt_3_1_counts_characters() {
    let config = || Config { client_id_strict: true, ..Config::default() };
    assert!(try_connect(config(), V3_1, &"ü".repeat(23), true).is_ok());
    assert!(try_connect(config(), V3_1, &"x".repeat(24), true).is_err());
    assert!(try_connect(config(), V3_1_1, &"x".repeat(24), true).is_ok());
}
