//! The verbs before a session is attached: CONNECT, and as many exchanges of AUTH as the authentication method needs,
//! until the client is accepted or refused. They do not access sessions.

use std::sync::Arc;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Auth, Connect, DecodeError, Packet, ProtocolVersion};
use tidegate_session::{Config as SessionConfig, Handshake, Negotiated, Refusal, Step};

use crate::broker::Broker;

/// A connection that is not accepted yet.
pub struct PendingConnect {
    handshake: Handshake,
    packet_size_max: u32,
    /// The protocol version in CONNECT; `None` before CONNECT was received.
    version: Option<ProtocolVersion>,
}

/// The next step of the caller.
#[derive(Debug)]
pub enum ConnectStep {
    /// The bytes contain no whole packet yet.
    Incomplete,
    /// Send this packet, encoded for this protocol version, and wait for the answer.
    Send(Packet, ProtocolVersion),
    /// The client is accepted: call [`Broker::check_admission`], then [`Broker::connect`].
    Accept(Box<Negotiated>),
    /// Send the CONNACK of the refusal if there is one, then close.
    Refuse(Refusal),
    /// Close the link without an answer, because the client sent another packet than expected.
    Close,
}

impl Broker {
    /// Begins a connection whose CONNECT has not been received yet, with the limits of the broker.
    #[must_use]
    pub fn begin_connect(&self) -> PendingConnect {
        self.begin_connect_with(Arc::clone(self.sessions.config()))
    }

    /// Begins a connection whose CONNECT has not been received yet. `limits` apply to the connection, and to its
    /// session until another connection takes the session over or resumes it.
    #[must_use]
    pub fn begin_connect_with(&self, limits: Arc<SessionConfig>) -> PendingConnect {
        let packet_size_max = limits.packet_size_max;
        PendingConnect { handshake: Handshake::new(limits, None), packet_size_max, version: None }
    }
}

impl PendingConnect {
    /// Handles CONNECT. If the client omits its identifier, `assign_id` must return one that nobody can guess.
    pub fn connect(&mut self, connect: Connect, assign_id: impl FnOnce() -> String) -> ConnectStep {
        self.version = Some(connect.version);
        let step = self.handshake.handle_connect(connect, assign_id);
        self.step(step)
    }

    /// Handles AUTH, with which the client answers our AUTH.
    pub fn authenticate(&mut self, auth: Auth) -> ConnectStep {
        let step = self.handshake.handle_auth(auth);
        self.step(step)
    }

    /// Removes the first packet from `bytes`, if it is complete, and handles it.
    pub fn receive(&mut self, bytes: &mut Vec<u8>, assign_id: impl FnOnce() -> String) -> ConnectStep {
        match self.next(bytes) {
            Ok(None) => ConnectStep::Incomplete,
            Ok(Some(Packet::Connect(connect))) => self.connect(*connect, assign_id),
            Ok(Some(Packet::Auth(auth))) => self.authenticate(auth),
            // After CONNECT the client may send only AUTH, or DISCONNECT, which needs no answer.
            Ok(Some(_)) => ConnectStep::Close,
            Err(error) => ConnectStep::Refuse(Refusal::malformed(&error)),
        }
    }

    fn next(&self, bytes: &mut Vec<u8>) -> Result<Option<Packet>, DecodeError> {
        let next = match self.version {
            None => frame::first(bytes, self.packet_size_max),
            Some(version) => frame::next(bytes, version, self.packet_size_max),
        };
        let Next::Frame(packet) = next? else { return Ok(None) };
        let len = packet.wire.len();
        let decoded = Packet::decode(&packet, self.version.unwrap_or(ProtocolVersion::V5))?;
        bytes.drain(..len);
        Ok(Some(decoded))
    }

    fn step(&self, step: Step) -> ConnectStep {
        match step {
            Step::Send(packet) => ConnectStep::Send(packet, self.version.unwrap_or(ProtocolVersion::V5)),
            Step::Accept(negotiated) => ConnectStep::Accept(Box::new(negotiated)),
            Step::Refuse(refusal) => ConnectStep::Refuse(refusal),
        }
    }
}
