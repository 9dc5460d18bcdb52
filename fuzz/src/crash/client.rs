//! A small correct MQTT client. The client never crashes. The client keeps its session state until CONNACK reports that
//! the broker has no session.

use std::collections::BTreeMap;

use tidegate_mqtt::{Disconnect, Packet, PacketId, ProtocolVersion, QoS, ReasonCode};

use super::promises::MessageNumber;

mod connection;
mod publish;
mod receive;
mod subscribe;

/// A client with its session and, if connected, its connection.
pub(super) struct Client {
    pub(super) index: usize,
    version: ProtocolVersion,
    /// Identifier of the network connection, if the client has one.
    pub(super) link: Option<usize>,
    /// Whether CONNACK has arrived on this connection.
    pub(super) is_open: bool,
    /// Session expiry in seconds that the last CONNECT requested.
    session_expiry: u32,
    /// Whether the last CONNECT requested a new session.
    is_clean: bool,
    /// Whether the next CONNECT must request a new session, because the client cannot tell which session the broker
    /// has.
    must_start_clean: bool,
    expected: Expected,
    /// Messages whose acknowledgement is incomplete, in the order in which they were sent.
    outgoing: Vec<InFlightPublish>,
    /// Payloads of received QoS 2 messages whose PUBREL has not arrived, by packet identifier.
    unreleased: BTreeMap<PacketId, String>,
    /// SUBSCRIBE and UNSUBSCRIBE packets that the broker has not acknowledged, by packet identifier.
    requests: BTreeMap<PacketId, Request>,
    /// Acknowledgements that are not sent yet, in order.
    unsent_acks: Vec<Packet>,
    /// Bytes of an incomplete packet.
    partial_packet: Vec<u8>,
    /// Messages of an earlier session that may still be in transit to the broker.
    abandoned: Vec<MessageNumber>,
    will: Option<MessageNumber>,
    /// Wills of earlier connections that ended without DISCONNECT. The broker publishes such a will when it detects the
    /// end of the connection.
    triggered_wills: Vec<TriggeredWill>,
}

/// The value of Session Present that the client expects in CONNACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Present,
    Absent,
    Either,
}

struct InFlightPublish {
    packet_id: PacketId,
    number: MessageNumber,
    topic: &'static str,
    qos: QoS,
    retain: bool,
    is_payload_empty: bool,
    /// Number of times that PUBREL was sent for the message. 0 before PUBREC.
    pubrels_sent: u32,
}

enum Request {
    Subscribe(&'static str, QoS),
    Unsubscribe(&'static str),
}

struct TriggeredWill {
    number: MessageNumber,
    /// Whether the will belongs to a session that survives a crash.
    is_stored: bool,
    /// Whether the broker has published the will, although the publish may not be committed.
    is_published: bool,
}

impl Client {
    /// Creates a client that was never connected.
    pub(super) fn new(index: usize, version: ProtocolVersion) -> Self {
        Self {
            index,
            version,
            link: None,
            is_open: false,
            session_expiry: 0,
            is_clean: false,
            must_start_clean: true,
            expected: Expected::Either,
            outgoing: Vec::new(),
            unreleased: BTreeMap::new(),
            requests: BTreeMap::new(),
            unsent_acks: Vec::new(),
            partial_packet: Vec::new(),
            abandoned: Vec::new(),
            will: None,
            triggered_wills: Vec::new(),
        }
    }

    fn forget_session(&mut self) {
        self.abandoned.extend(self.outgoing.drain(..).map(|outgoing| outgoing.number));
        self.unreleased.clear();
    }

    fn name(&self) -> String {
        format!("c{}", self.index)
    }

    /// Returns the bytes of a DISCONNECT.
    pub(super) fn disconnect(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let packet = Packet::Disconnect(Disconnect::new(ReasonCode::Success));
        packet.encode(self.version, &mut bytes).expect("a DISCONNECT that can be written");
        bytes
    }

    /// Returns the protocol version of the client.
    pub(super) fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Returns whether the client is connected, has nothing to send and expects no acknowledgement.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_open
            && self.outgoing.is_empty()
            && self.unreleased.is_empty()
            && self.requests.is_empty()
            && self.unsent_acks.is_empty()
    }

    pub(super) fn encode(&self, packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for packet in packets {
            packet.encode(self.version, &mut bytes).expect("a packet that can be written");
        }
        bytes
    }
}
