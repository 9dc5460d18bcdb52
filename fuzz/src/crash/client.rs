//! A small correct MQTT client. It never crashes, and keeps the state of its session until it learns that the broker has lost
//! it.

use std::collections::BTreeMap;

use tidegate_mqtt::{Disconnect, Packet, PacketId, ProtocolVersion, QoS, ReasonCode};

use super::promises::Number;

mod connection;
mod publish;
mod receive;
mod subscribe;

/// A client with its session and, if connected, its connection.
pub(super) struct Client {
    pub(super) index: usize,
    version: ProtocolVersion,
    /// The network connection.
    pub(super) link: Option<usize>,
    /// Whether CONNACK has arrived on this connection.
    pub(super) is_open: bool,
    /// The session expiry that the last CONNECT requested.
    expiry: u32,
    /// Whether the last CONNECT requested a new session.
    is_clean: bool,
    /// Whether the client cannot know which session the broker has, so that its next CONNECT must request a new one.
    must_clean: bool,
    expected: Expected,
    /// Messages whose acknowledgement is incomplete, in the order in which they were sent.
    outgoing: Vec<Outgoing>,
    /// Payloads of received QoS 2 messages whose PUBREL has not arrived, by packet id.
    held: BTreeMap<PacketId, String>,
    /// SUBSCRIBE and UNSUBSCRIBE packets without an answer.
    requests: BTreeMap<PacketId, Request>,
    /// Acknowledgements that are not sent yet, in order.
    answers: Vec<Packet>,
    /// Bytes of an incomplete packet.
    partial: Vec<u8>,
    /// Messages of a former session that the broker may still receive.
    given_up: Vec<Number>,
    will: Option<Number>,
    /// Wills of earlier connections, which the broker publishes when it learns that they have ended.
    wills_caused: Vec<CausedWill>,
}

/// Which value of session present the client expects in CONNACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Present,
    Absent,
    Either,
}

struct Outgoing {
    packet_id: PacketId,
    number: Number,
    topic: &'static str,
    qos: QoS,
    retain: bool,
    is_empty: bool,
    /// Number of times that PUBREL was sent; 0 before PUBREC.
    releases: u32,
}

enum Request {
    Subscribe(&'static str, QoS),
    Unsubscribe(&'static str),
}

struct CausedWill {
    number: Number,
    /// Whether it belongs to a session that survives a crash.
    is_stored: bool,
    /// Whether the broker has published it, although it may not be committed.
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
            expiry: 0,
            is_clean: false,
            must_clean: true,
            expected: Expected::Either,
            outgoing: Vec::new(),
            held: BTreeMap::new(),
            requests: BTreeMap::new(),
            answers: Vec::new(),
            partial: Vec::new(),
            given_up: Vec::new(),
            will: None,
            wills_caused: Vec::new(),
        }
    }

    fn forget_session(&mut self) {
        self.given_up.extend(self.outgoing.drain(..).map(|outgoing| outgoing.number));
        self.held.clear();
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

    /// Returns its protocol version.
    pub(super) fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Returns true if the client has nothing to send and expects no answer.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_open
            && self.outgoing.is_empty()
            && self.held.is_empty()
            && self.requests.is_empty()
            && self.answers.is_empty()
    }

    pub(super) fn encode(&self, packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for packet in packets {
            packet.encode(self.version, &mut bytes).expect("a packet that can be written");
        }
        bytes
    }
}
