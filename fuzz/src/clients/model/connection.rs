//! Models a network connection and the packets that the client must still receive on the connection.

use std::collections::{BTreeSet, VecDeque};

use tidegate_mqtt::{Ack, AckKind, Packet, ProtocolVersion, ReasonCode};

/// A network connection. The model keeps a connection until the client has received the last packets.
pub(super) struct Connection {
    pub(super) client: usize,
    pub(super) version: ProtocolVersion,
    /// Whether the client has received CONNACK.
    pub(super) is_accepted: bool,
    pub(super) has_ended: bool,
    /// The packets other than PUBLISH that the client must receive in this step, in order.
    pub(super) replies: VecDeque<Reply>,
    /// Packet identifiers that count against the broker's Receive Maximum.
    pub(super) counted_packet_ids: BTreeSet<u16>,
    /// Number of milliseconds without a packet from the client after which the broker ends the connection. `None` means
    /// that the client may be silent forever.
    silence_max: Option<u64>,
    /// Time at which the last packet from the client arrived, in milliseconds.
    pub(super) last_activity: u64,
}

/// A packet that the client must receive.
#[derive(Debug)]
pub(super) enum Reply {
    /// CONNACK with this value of Session Present.
    ConnAck(bool),
    /// An acknowledgement with one of these reasons.
    Ack(AckKind, u16, Vec<ReasonCode>),
    /// DISCONNECT with this reason.
    Disconnect(ReasonCode),
    /// Exactly this packet.
    Exactly(Packet),
}

impl Connection {
    pub(super) fn new(client: usize, version: ProtocolVersion, keep_alive: u16, now: u64) -> Self {
        let silence_max = u64::from(keep_alive) * 1500;
        Self {
            client,
            version,
            is_accepted: false,
            has_ended: false,
            replies: VecDeque::new(),
            counted_packet_ids: BTreeSet::new(),
            silence_max: (silence_max > 0).then_some(silence_max),
            last_activity: now,
        }
    }

    /// Adds an acknowledgement that the client must receive. Before MQTT 5, acknowledgements have no reason code.
    pub(super) fn expect_ack(&mut self, kind: AckKind, id: u16, reasons: &[ReasonCode]) {
        let reasons = if self.version.is_v5() { reasons.to_vec() } else { vec![ReasonCode::Success] };
        self.replies.push_back(Reply::Ack(kind, id, reasons));
    }

    /// Ends the connection. If the broker ends it, an MQTT 5 client gets a DISCONNECT with the reason `farewell`
    /// `[MQTT5-4.13.1-1]`.
    pub(super) fn end(&mut self, farewell: Option<ReasonCode>) {
        self.has_ended = true;
        let farewell = farewell.filter(|_| self.version.is_v5());
        self.replies.extend(farewell.map(Reply::Disconnect));
    }

    /// Returns the time at which the broker must end the connection because the client was silent. `[MQTT5-3.1.2-22]`
    pub(super) fn silence_deadline(&self) -> Option<u64> {
        self.silence_max.filter(|_| !self.has_ended).map(|silence| self.last_activity + silence)
    }
}

impl Reply {
    pub(super) fn matches(&self, packet: &Packet) -> bool {
        match (self, packet) {
            (Self::ConnAck(present), Packet::ConnAck(connack)) => {
                connack.reason == ReasonCode::Success && connack.session_present == *present
            }
            (Self::Ack(kind, id, reasons), Packet::Ack(Ack { kind: received, packet_id, reason, .. })) => {
                kind == received && *id == packet_id.get() && reasons.contains(reason)
            }
            (Self::Disconnect(reason), Packet::Disconnect(disconnect)) => disconnect.reason == *reason,
            (Self::Exactly(expected), received) => expected == received,
            _ => false,
        }
    }
}
