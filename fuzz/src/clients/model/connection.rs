//! One network connection: what the client has still to hear on it.

use std::collections::{BTreeSet, VecDeque};

use tidegate_mqtt::{Ack, AckKind, Packet, ProtocolVersion, ReasonCode};

use super::replay::Replay;

/// A connection, until its last packets are heard.
pub(super) struct Connection {
    pub(super) client: usize,
    pub(super) version: ProtocolVersion,
    /// Whether CONNACK was heard.
    pub(super) greeted: bool,
    /// Whether it is over.
    pub(super) over: bool,
    /// What has to come in this step, in order, PUBLISH apart.
    pub(super) replies: VecDeque<Reply>,
    pub(super) replays: Vec<Replay>,
    /// Identifiers that count against the broker's Receive Maximum.
    pub(super) counted: BTreeSet<u16>,
}

/// A packet that has to come.
#[derive(Debug)]
pub(super) enum Reply {
    /// CONNACK with this Session Present.
    ConnAck(bool),
    /// An acknowledgement with one of these reasons.
    Ack(AckKind, u16, Vec<ReasonCode>),
    /// DISCONNECT with this reason.
    Disconnect(ReasonCode),
    /// This very packet.
    Exactly(Packet),
}

impl Connection {
    pub(super) fn new(client: usize, version: ProtocolVersion) -> Self {
        Self {
            client,
            version,
            greeted: false,
            over: false,
            replies: VecDeque::new(),
            replays: Vec::new(),
            counted: BTreeSet::new(),
        }
    }

    /// An acknowledgement has to come. Before MQTT 5 there is no reason in it.
    pub(super) fn expect_ack(&mut self, kind: AckKind, id: u16, reasons: &[ReasonCode]) {
        let reasons = if self.version.is_v5() { reasons.to_vec() } else { vec![ReasonCode::Success] };
        self.replies.push_back(Reply::Ack(kind, id, reasons));
    }

    /// The broker ends the connection; in MQTT 5 it says why `[MQTT5-4.13.1-1]`.
    pub(super) fn end(&mut self, farewell: Option<ReasonCode>) {
        self.over = true;
        self.replays.clear();
        let farewell = farewell.filter(|_| self.version.is_v5());
        self.replies.extend(farewell.map(Reply::Disconnect));
    }
}

impl Reply {
    pub(super) fn fits(&self, packet: &Packet) -> bool {
        match (self, packet) {
            (Self::ConnAck(present), Packet::ConnAck(connack)) => {
                connack.reason == ReasonCode::Success && connack.session_present == *present
            }
            (Self::Ack(kind, id, reasons), Packet::Ack(Ack { kind: heard, packet_id, reason, .. })) => {
                kind == heard && *id == packet_id.get() && reasons.contains(reason)
            }
            (Self::Disconnect(reason), Packet::Disconnect(disconnect)) => disconnect.reason == *reason,
            (Self::Exactly(expected), heard) => expected == heard,
            _ => false,
        }
    }
}
