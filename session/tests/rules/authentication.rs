//! Enhanced authentication at CONNECT, and re-authentication on an open connection. [MQTT5-4.12.0-1] to
//! [MQTT5-4.12.1-2]

use std::sync::Arc;

use bytes::Bytes;
use tidegate_mqtt::{Auth, Connect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{
    Authenticator, Config, Connection, Exchange, ExchangeStep, Handshake, Negotiated, Refusal, Step,
    Violation,
};

use crate::pair::persistent_connect;

/// Provides the authentication method "COUNT": the client has to send "one", then "two".
struct CountAuthenticator;

/// One authentication exchange, with the number of steps done.
struct CountExchange(u8);

impl Authenticator for CountAuthenticator {
    fn exchange(&self, method: &str) -> Option<Box<dyn Exchange>> {
        if method == "COUNT" { Some(Box::new(CountExchange(0))) } else { None }
    }
}

impl Exchange for CountExchange {
    fn step(&mut self, data: Option<&[u8]>) -> ExchangeStep {
        self.0 += 1;
        match (self.0, data) {
            (1, Some(b"one")) => ExchangeStep::Continue(Bytes::from_static(b"next")),
            (2, Some(b"two")) => ExchangeStep::Accept(Some(Bytes::from_static(b"done"))),
            _ => ExchangeStep::Refuse(ReasonCode::NotAuthorized),
        }
    }
}

fn connect(method: Option<&str>, data: &'static str) -> Connect {
    let mut connect = persistent_connect();
    connect.authentication_method = method.map(str::to_owned);
    connect.authentication_data = method.map(|_| Bytes::from_static(data.as_bytes()));
    connect
}

fn handshake() -> Handshake {
    Handshake::new(Arc::new(Config::default()), Some(Arc::new(CountAuthenticator)))
}

fn begin(connect: Connect) -> (Handshake, Step) {
    let mut handshake = handshake();
    let step = handshake.handle_connect(connect, || panic!("no identifier needed"));
    (handshake, step)
}

fn auth(reason: ReasonCode, data: &'static str) -> Auth {
    Auth::new(reason, "COUNT", Some(Bytes::from_static(data.as_bytes())))
}

fn negotiated() -> Negotiated {
    let (mut handshake, step) = begin(connect(Some("COUNT"), "one"));
    let Step::Send(Packet::Auth(challenge)) = step else { panic!("{step:?}") };
    assert_eq!(challenge.reason, ReasonCode::ContinueAuthentication);
    assert_eq!(challenge.authentication_method.as_deref(), Some("COUNT"));
    assert_eq!(challenge.authentication_data.as_deref(), Some(&b"next"[..]));
    match handshake.handle_auth(auth(ReasonCode::ContinueAuthentication, "two")) {
        Step::Accept(negotiated) => negotiated,
        other => panic!("{other:?}"),
    }
}

fn refused(step: Step) -> Refusal {
    let Step::Refuse(refusal) = step else { panic!("{step:?}") };
    refusal
}

#[test]
fn connack_repeats_the_method_and_carries_the_last_data() {
    let connack = negotiated().connack(false, &Config::default());
    assert_eq!(connack.authentication_method.as_deref(), Some("COUNT"));
    assert_eq!(connack.authentication_data.as_deref(), Some(&b"done"[..]));
}

#[test]
fn unknown_authentication_methods_are_refused() {
    let (_, step) = begin(connect(Some("X-NONE"), ""));
    assert_eq!(refused(step).reason, ReasonCode::BadAuthenticationMethod);
    let mut without = Handshake::new(Arc::new(Config::default()), None);
    let step = without.handle_connect(connect(Some("COUNT"), "one"), String::new);
    assert_eq!(refused(step).reason, ReasonCode::BadAuthenticationMethod);
}

#[test]
fn a_wrong_proof_is_refused() {
    let (mut handshake, _) = begin(connect(Some("COUNT"), "one"));
    let step = handshake.handle_auth(auth(ReasonCode::ContinueAuthentication, "three"));
    assert_eq!(refused(step).reason, ReasonCode::NotAuthorized);
    let again = handshake.handle_auth(auth(ReasonCode::ContinueAuthentication, "two"));
    assert_eq!(refused(again).reason, ReasonCode::ProtocolError);
}

#[test]
fn a_different_method_or_reason_during_the_exchange_is_refused() {
    for auth in [
        Auth::new(ReasonCode::ContinueAuthentication, "OTHER", None),
        auth(ReasonCode::ReAuthenticate, "two"),
        auth(ReasonCode::Success, "two"),
    ] {
        let (mut handshake, _) = begin(connect(Some("COUNT"), "one"));
        assert_eq!(refused(handshake.handle_auth(auth)).reason, ReasonCode::ProtocolError);
    }
}

#[test]
fn a_second_connect_during_the_exchange_is_refused() {
    let (mut handshake, _) = begin(connect(Some("COUNT"), "one"));
    let step = handshake.handle_connect(persistent_connect(), String::new);
    assert_eq!(refused(step).reason, ReasonCode::ProtocolError);
}

#[test]
fn a_challenge_too_large_for_the_client_is_not_sent() {
    let mut connect = connect(Some("COUNT"), "one");
    connect.packet_size_max = Some(10);
    let refusal = refused(begin(connect).1);
    assert_eq!(refusal.reason, ReasonCode::PacketTooLarge);
    assert!(refusal.connack().is_some(), "five bytes");
}

#[test]
fn the_packet_size_bounds_a_challenge_to_the_byte() {
    let challenge = Auth::new(ReasonCode::ContinueAuthentication, "COUNT", Some(Bytes::from_static(b"next")));
    let mut wire = Vec::new();
    Packet::from(challenge).encode(ProtocolVersion::V5, &mut wire).unwrap();
    let size = u32::try_from(wire.len()).unwrap();
    for (packet_size_max, sent) in [(size - 1, false), (size, true)] {
        let mut connect = connect(Some("COUNT"), "one");
        connect.packet_size_max = Some(packet_size_max);
        assert_eq!(matches!(begin(connect).1, Step::Send(_)), sent, "[MQTT5-3.1.2-24]");
    }
}

fn connection() -> Connection {
    Connection::new(&negotiated(), Arc::new(Config::default()))
}

#[test]
fn a_client_can_reauthenticate_with_the_same_method() {
    let mut connection = connection();
    for _ in 0..2 {
        let answer = connection.handle_auth(auth(ReasonCode::ReAuthenticate, "one")).unwrap();
        assert!(
            matches!(answer, Some(Packet::Auth(auth)) if auth.reason == ReasonCode::ContinueAuthentication)
        );
        let answer = connection.handle_auth(auth(ReasonCode::ContinueAuthentication, "two")).unwrap();
        let Some(Packet::Auth(last)) = answer else { panic!() };
        assert_eq!(last.reason, ReasonCode::Success);
        assert_eq!(last.authentication_method.as_deref(), Some("COUNT"));
    }
}

#[test]
fn faulty_reauthentication_is_a_violation() {
    let other = Auth::new(ReasonCode::ReAuthenticate, "OTHER", None);
    assert_eq!(connection().handle_auth(other), Err(Violation::AuthMethodChanged));
    let early = auth(ReasonCode::ContinueAuthentication, "one");
    assert_eq!(connection().handle_auth(early), Err(Violation::AuthOutOfPlace));
    let wrong = auth(ReasonCode::ReAuthenticate, "no");
    assert_eq!(connection().handle_auth(wrong), Err(Violation::AuthRefused));
}

#[test]
fn auth_without_a_method_in_connect_is_a_violation() {
    let Step::Accept(negotiated) = begin(persistent_connect()).1 else { panic!() };
    assert_eq!(negotiated.connack(false, &Config::default()).authentication_method, None);
    let mut connection = Connection::new(&negotiated, Arc::new(Config::default()));
    let violation = connection.handle_auth(auth(ReasonCode::ReAuthenticate, "one"));
    assert_eq!(violation, Err(Violation::AuthUnasked));
}
