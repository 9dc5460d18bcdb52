//! Performs the handshake of a connection: from CONNECT to the negotiated parameters, with AUTH packets in between if
//! the client requests authentication.

use std::sync::Arc;

use bytes::Bytes;
use tidegate_mqtt::{Auth, Connect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Authenticator, Config, Exchange, ExchangeStep, Handshake, Negotiated, Refusal, Step};

use super::setup::{Client, METHOD};

/// Performs the handshake of a client. Returns `None` if the client is refused.
pub(super) fn connect(client: &Client, config: &Arc<Config>) -> Option<Negotiated> {
    let mut handshake = Handshake::new(Arc::clone(config), Some(Arc::new(SingleMethodAuthenticator)));
    let connect = &client.connect;
    let mut answers = client.answers.iter();
    let mut step = handshake.handle_connect(connect.clone(), || "assigned".to_owned());
    loop {
        match step {
            Step::Accept(negotiated) => {
                check_negotiated(&negotiated, connect, config);
                return Some(negotiated);
            }
            Step::Refuse(refusal) => {
                check_refusal(&refusal, connect);
                return None;
            }
            Step::Send(packet) => {
                check_packet(&packet, ProtocolVersion::V5);
                let data = Bytes::from_static(answers.next().copied().unwrap_or(b"yes"));
                step =
                    handshake.handle_auth(Auth::new(ReasonCode::ContinueAuthentication, METHOD, Some(data)));
            }
        }
    }
}

fn check_negotiated(negotiated: &Negotiated, connect: &Connect, config: &Config) {
    assert_eq!(negotiated.version, connect.version);
    assert_eq!(negotiated.assigned, connect.client_id.is_empty());
    assert!(!negotiated.client_id.is_empty() && negotiated.session_expiry <= config.session_expiry_max);
    assert!(negotiated.receive_maximum > 0 && negotiated.packet_size_max > 0);
    let allowed = connect
        .will
        .as_ref()
        .is_none_or(|will| will.qos <= config.qos_max && (config.retain_available || !will.retain));
    assert!(allowed, "a will is accepted that cannot be published");
    check_packet(&negotiated.connack(false, config).into(), negotiated.version);
}

fn check_refusal(refusal: &Refusal, connect: &Connect) {
    assert!(refusal.reason.is_error(), "refused with {:?}", refusal.reason);
    let Some((connack, version)) = refusal.connack() else { return };
    assert!(connack.reason.is_error() && !connack.session_present && version == connect.version);
    let size = check_packet(&connack.into(), version);
    assert!(
        size <= connect.packet_size_max.unwrap_or(u32::MAX) as usize,
        "the packet is larger than the client accepts"
    );
}

/// Checks that the packet can be encoded. Returns its size in bytes.
pub(super) fn check_packet(packet: &Packet, version: ProtocolVersion) -> usize {
    let mut out = Vec::new();
    let encoded = packet.encode(version, &mut out);
    assert_eq!(encoded, Ok(()), "{packet:?}");
    out.len()
}

/// An authenticator that supports a single authentication method.
struct SingleMethodAuthenticator;

/// An exchange that accepts, continues or refuses, as the client's authentication data requests.
struct ScriptedExchange;

impl Authenticator for SingleMethodAuthenticator {
    fn exchange(&self, method: &str) -> Option<Box<dyn Exchange>> {
        (method == METHOD).then(|| Box::new(ScriptedExchange) as Box<dyn Exchange>)
    }
}

impl Exchange for ScriptedExchange {
    fn step(&mut self, data: Option<&[u8]>) -> ExchangeStep {
        match data {
            None | Some(b"more") => ExchangeStep::Continue(Bytes::from_static(b"and then?")),
            Some(b"no") => ExchangeStep::Refuse(ReasonCode::NotAuthorized),
            Some(_) => ExchangeStep::Accept(Some(Bytes::from_static(b"welcome"))),
        }
    }
}
