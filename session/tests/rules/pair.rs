//! A session and the client at its other end, which decodes what it is sent. Time is virtual.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{
    Ack, AckKind, Connect, Message, MessageParts, Packet, PacketId, ProtocolVersion, Publish, QoS,
    ReasonCode, topic,
};
use tidegate_session::{
    Attached, Cause, Change, Config, Connection, Delivery, Detached, Handshake, Negotiated, Session, Step,
    Verdict,
};

pub struct Pair {
    pub session: Session,
    pub connection: Connection,
    pub epoch: u64,
    pub now: Instant,
    pub config: Arc<Config>,
}

/// A moment to count from.
#[allow(clippy::disallowed_methods)]
pub fn start() -> Instant {
    Instant::now()
}

pub fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

/// CONNECT of MQTT 5 with a session that lasts, and without Clean Start.
pub fn lasting() -> Connect {
    let mut connect = Connect::new(ProtocolVersion::V5, "client");
    connect.clean_start = false;
    connect.session_expiry = Some(3600);
    connect
}

pub fn agree(connect: Connect, config: &Arc<Config>) -> Negotiated {
    let mut handshake = Handshake::new(Arc::clone(config), None);
    match handshake.handle_connect(connect, || "assigned".to_owned()) {
        Step::Accept(negotiated) => negotiated,
        other => panic!("{other:?}"),
    }
}

pub fn message(topic: &str, payload: &[u8], expires_at: Option<Instant>) -> Arc<Message> {
    let topic = topic::Name::parse(topic).unwrap();
    let qos = QoS::ExactlyOnce;
    let parts = MessageParts {
        topic: &topic,
        properties: &[],
        payload,
        qos,
        retain: false,
        publisher: 7,
        expires_at,
    };
    Arc::new(Message::from_parts(&parts))
}

impl Pair {
    pub fn new(connect: Connect) -> Self {
        Self::with(Config::default(), connect)
    }

    pub fn with(config: Config, connect: Connect) -> Self {
        let config = Arc::new(config);
        let negotiated = agree(connect.clone(), &config);
        let session = Session::new(1, Arc::clone(&config));
        let connection = Connection::new(&negotiated, Arc::clone(&config));
        let mut pair = Self { session, connection, epoch: 0, now: start(), config };
        pair.connect(connect);
        pair
    }

    /// A connection attaches and resumes; its CONNACK is taken away.
    pub fn connect(&mut self, connect: Connect) -> Attached {
        let negotiated = agree(connect, &self.config);
        let attached = self.session.attach(&negotiated, self.now);
        self.epoch = attached.epoch;
        self.connection = Connection::new(&negotiated, Arc::clone(&self.config));
        let connack = negotiated.connack(attached.session_present, &self.config);
        assert!(self.session.send(&connack.into()));
        assert!(matches!(self.received().as_slice(), [Packet::ConnAck(_)]));
        self.session.resume(self.now);
        attached
    }

    pub fn detach(&mut self, cause: Cause) -> Detached {
        self.session.detach(self.epoch, cause, self.now).unwrap()
    }

    /// Everything is kept, and what waited for that goes out.
    pub fn release_committed(&mut self) {
        self.session.set_commit(0);
        self.session.release_committed(0, self.now);
    }

    pub fn advance(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub fn push(&mut self, topic: &str, qos: QoS) -> Verdict {
        let message = message(topic, topic.as_bytes(), None);
        self.push_message(&message, qos)
    }

    pub fn push_message(&mut self, message: &Arc<Message>, qos: QoS) -> Verdict {
        let delivery = Delivery { message, qos, retain: false, identifiers: &[], share: None };
        self.session.push(&delivery, self.now)
    }

    pub fn push_share(&mut self, topic: &str, qos: QoS, share: &str) -> Verdict {
        let message = message(topic, b"", None);
        let share = Arc::from(share);
        let delivery =
            Delivery { message: &message, qos, retain: false, identifiers: &[], share: Some(&share) };
        self.session.push(&delivery, self.now)
    }

    pub fn acknowledge(&mut self, kind: AckKind, packet_id: u16) {
        self.answer(kind, packet_id, ReasonCode::Success);
    }

    pub fn answer(&mut self, kind: AckKind, packet_id: u16, reason: ReasonCode) {
        self.session.handle_ack(&Ack::new(kind, id(packet_id), reason), self.now).unwrap();
    }

    /// What the client got since the last call.
    pub fn received(&mut self) -> Vec<Packet> {
        let bytes = self.wire();
        let version = self.session.version().unwrap_or(ProtocolVersion::V5);
        decode(&bytes, version)
    }

    /// The same as bytes.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        self.session.take_changes(&mut changes);
        changes
    }

    pub fn wire(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
        bytes
    }

    /// The PUBLISH packets the client got; nothing else may have come.
    pub fn published(&mut self) -> Vec<Publish> {
        let publish = |packet| match packet {
            Packet::Publish(publish) => *publish,
            other => panic!("{other:?}"),
        };
        self.received().into_iter().map(publish).collect()
    }

    /// Topics, identifiers and DUP of the PUBLISH packets the client got.
    pub fn summary(&mut self) -> Vec<(String, u16, bool)> {
        let line =
            |publish: Publish| (publish.topic, publish.packet_id.map_or(0, PacketId::get), publish.dup);
        self.published().into_iter().map(line).collect()
    }

    pub fn topics(&mut self) -> Vec<String> {
        self.published().into_iter().map(|publish| publish.topic).collect()
    }
}

fn decode(mut bytes: &[u8], version: ProtocolVersion) -> Vec<Packet> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let Ok(Next::Frame(frame)) = frame::next(bytes, version, u32::MAX) else { panic!("{bytes:02x?}") };
        packets.push(Packet::decode(&frame, version).unwrap());
        bytes = &bytes[frame.wire.len()..];
    }
    packets
}
