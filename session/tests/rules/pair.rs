//! A pair of a session and its client. The client decodes the packets that it receives. Time is virtual.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{
    Ack, AckKind, Connect, Message, MessageParts, Packet, PacketId, ProtocolVersion, Publish, QoS,
    ReasonCode, topic,
};
use tidegate_session::{
    AttachOutcome, Cause, Change, Config, Connection, Delivery, DetachOutcome, Handshake, Negotiated,
    Session, Step, Verdict,
};

pub struct SessionUnderTest {
    pub session: Session,
    pub connection: Connection,
    pub epoch: u64,
    pub now: Instant,
    pub config: Arc<Config>,
}

/// Returns an arbitrary start of the virtual time.
#[allow(clippy::disallowed_methods)]
pub fn start() -> Instant {
    Instant::now()
}

pub fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

/// Returns an MQTT 5 CONNECT with a session expiry of one hour and without Clean Start.
pub fn persistent_connect() -> Connect {
    let mut connect = Connect::new(ProtocolVersion::V5, "client");
    connect.clean_start = false;
    connect.session_expiry = Some(3600);
    connect
}

pub fn negotiate(connect: Connect, config: &Arc<Config>) -> Negotiated {
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

impl SessionUnderTest {
    pub fn new(connect: Connect) -> Self {
        Self::with(Config::default(), connect)
    }

    pub fn with(config: Config, connect: Connect) -> Self {
        let config = Arc::new(config);
        let negotiated = negotiate(connect.clone(), &config);
        let session = Session::new(1, Arc::clone(&config));
        let connection = Connection::new(&negotiated, Arc::clone(&config));
        let mut pair = Self { session, connection, epoch: 0, now: start(), config };
        pair.connect(connect);
        pair
    }

    /// Attaches a connection, consumes its CONNACK, and resumes the session.
    pub fn connect(&mut self, connect: Connect) -> AttachOutcome {
        let negotiated = negotiate(connect, &self.config);
        let attached = self.session.attach(&negotiated, self.now);
        self.epoch = attached.epoch;
        self.connection = Connection::new(&negotiated, Arc::clone(&self.config));
        let connack = negotiated.connack(attached.session_present, &self.config);
        assert_eq!(self.session.send(&connack.into()), Ok(true));
        assert!(matches!(self.received().as_slice(), [Packet::ConnAck(_)]));
        self.session.resume(self.now);
        attached
    }

    pub fn detach(&mut self, cause: Cause) -> DetachOutcome {
        self.session.detach(self.epoch, cause, self.now).unwrap()
    }

    /// Simulates a commit of all changes, so that the packets awaiting this commit are sent.
    pub fn commit_all(&mut self) {
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
        let delivery =
            Delivery { message, qos, retain: false, subscription_identifiers: &[], shared_filter: None };
        self.session.push(&delivery, self.now)
    }

    pub fn push_shared(&mut self, topic: &str, qos: QoS, shared_filter: &str) -> Verdict {
        let message = message(topic, b"", None);
        let shared_filter = Arc::from(shared_filter);
        let delivery = Delivery {
            message: &message,
            qos,
            retain: false,
            subscription_identifiers: &[],
            shared_filter: Some(&shared_filter),
        };
        self.session.push(&delivery, self.now)
    }

    pub fn acknowledge(&mut self, kind: AckKind, packet_id: u16) {
        self.answer(kind, packet_id, ReasonCode::Success);
    }

    pub fn answer(&mut self, kind: AckKind, packet_id: u16, reason: ReasonCode) {
        self.session.handle_ack(&Ack::new(kind, id(packet_id), reason), self.now).unwrap();
    }

    /// Returns the packets that the client received since the last call.
    pub fn received(&mut self) -> Vec<Packet> {
        let bytes = self.wire();
        let version = self.session.version().unwrap_or(ProtocolVersion::V5);
        decode(&bytes, version)
    }

    /// Returns the changes recorded since the last call.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        self.session.take_changes(&mut changes);
        changes
    }

    /// Returns the bytes that the client received since the last call.
    pub fn wire(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
        bytes
    }

    /// Returns the PUBLISH packets that the client received since the last call. Panics if the client received other
    /// packets.
    pub fn published(&mut self) -> Vec<Publish> {
        let publish = |packet| match packet {
            Packet::Publish(publish) => *publish,
            other => panic!("{other:?}"),
        };
        self.received().into_iter().map(publish).collect()
    }

    /// Returns topic, packet identifier and DUP of the PUBLISH packets that the client received since the last call.
    pub fn summary(&mut self) -> Vec<(String, u16, bool)> {
        let summarize =
            |publish: Publish| (publish.topic, publish.packet_id.map_or(0, PacketId::get), publish.dup);
        self.published().into_iter().map(summarize).collect()
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
