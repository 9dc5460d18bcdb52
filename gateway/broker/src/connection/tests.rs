//! Tests of a connection without a network peer: the test passes the packets of the client to the connection, and takes
//! the packets for the client from the session.

mod resubscribe;
mod resume;
mod turns;
mod unsubscribe;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use tidegate_limits::memory;
use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{
    Ack, AckKind, Connect, Message, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode,
    RetainHandling, Subscribe, SubscribeEntry, SubscriptionOptions, Unsubscribe, UserProperties, Will,
};
use tidegate_session::Config as SessionConfig;

use super::{ClientConnection, End};
use crate::Turn;
use crate::tests::TestBroker;

/// The broker of one test, shared by its clients.
#[derive(Clone)]
struct SharedBroker(Rc<RefCell<TestBroker>>);

impl SharedBroker {
    fn new() -> Self {
        // With this limit on pending bytes, each turn of a replay sends a single message.
        Self::with(SessionConfig { pending_bytes_high: 1, ..SessionConfig::default() })
    }

    fn with(config: SessionConfig) -> Self {
        Self(Rc::new(RefCell::new(TestBroker::new(config))))
    }

    /// Sets a retained message for each topic in `numbers`, published at QoS 2 by `publisher`.
    fn retain(&self, numbers: Range<u8>, publisher: u64) {
        numbers.for_each(|number| self.set(number, "kept", publisher));
    }

    /// Deletes the retained messages of the topics in `numbers`.
    fn delete_retained(&self, numbers: Range<u8>) {
        numbers.for_each(|number| self.set(number, "", 0));
    }

    fn set(&self, number: u8, payload: &'static str, publisher: u64) {
        let will = Will::new(Name::parse(&topic(number)).unwrap(), payload, QoS::ExactlyOnce);
        let test_broker = self.0.borrow();
        let message = Message::from_will(&will, publisher, test_broker.now);
        let _ = test_broker.broker.tenant().retained.set(Arc::new(message));
    }

    fn connect(&self, id: &str, edit: impl FnOnce(&mut Connect)) -> Client {
        let mut test_broker = self.0.borrow_mut();
        let receipt = test_broker.connect(id, edit);
        let connection = ClientConnection::new(Arc::clone(&test_broker.broker), receipt);
        Client { connection, shared_broker: self.clone(), unacknowledged: HashMap::new() }
    }

    fn turn<R>(&self, budget: u32, work: impl FnOnce(&mut Turn<'_>) -> R) -> R {
        let mut test_broker = self.0.borrow_mut();
        let now = test_broker.now;
        let outcome = work(&mut test_broker.workspace.turn(now, budget));
        test_broker.carry_out();
        outcome
    }
}

/// One connection, and the messages that its client has not acknowledged, by topic.
struct Client {
    connection: ClientConnection,
    shared_broker: SharedBroker,
    unacknowledged: HashMap<String, PacketId>,
}

impl Client {
    /// Passes in a packet, and runs turns until the connection has processed it.
    fn send(&mut self, packet: &Packet) {
        let mut bytes = Vec::new();
        packet.encode(ProtocolVersion::V5, &mut bytes).unwrap();
        self.send_bytes(&bytes, 1 << 20);
    }

    /// Passes in bytes, with the given budget per turn. Returns the number of turns.
    fn send_bytes(&mut self, bytes: &[u8], budget: u32) -> usize {
        let mut rest = bytes;
        for turns in 1.. {
            let connection = &mut self.connection;
            let used = self.shared_broker.turn(budget, |turn| {
                connection.resume(turn)?;
                connection.receive(turn, rest).map(|received| received.used)
            });
            rest = &rest[used.unwrap()..];
            if rest.is_empty() && !self.connection.is_busy() {
                return turns;
            }
            assert!(turns < 10_000, "the connection does not finish");
        }
        unreachable!("the range has no end")
    }

    fn subscribe(&mut self, filter: &str, options: SubscriptionOptions, identifier: u32) {
        let entry = SubscribeEntry { filter: Ok(SubscriptionFilter::parse(filter).unwrap()), options };
        let subscribe = Subscribe {
            packet_id: PacketId::MIN,
            identifier: Some(identifier),
            user_properties: UserProperties::new(),
            filters: vec![entry],
        };
        self.send(&Packet::Subscribe(subscribe));
        let Some(Packet::SubAck(suback)) = self.take_packets().pop() else { panic!("no SUBACK") };
        assert_eq!(suback.reasons[0].value(), options.qos.value());
    }

    fn unsubscribe(&mut self, filter: &str) {
        let unsubscribe = Unsubscribe {
            packet_id: PacketId::MIN,
            user_properties: UserProperties::new(),
            filters: vec![Ok(SubscriptionFilter::parse(filter).unwrap())],
        };
        self.send(&Packet::Unsubscribe(unsubscribe));
        let Some(Packet::UnsubAck(unsuback)) = self.take_packets().pop() else { panic!("no UNSUBACK") };
        assert_eq!(unsuback.reasons, [ReasonCode::Success]);
    }

    /// Acknowledges the message of a topic with PUBACK.
    fn acknowledge(&mut self, topic: &str) {
        let ack = Ack::new(AckKind::PubAck, self.unacknowledged.remove(topic).unwrap(), ReasonCode::Success);
        self.send(&Packet::Ack(ack));
    }

    fn replay(&mut self) -> Result<bool, End> {
        let connection = &mut self.connection;
        self.shared_broker.turn(1 << 20, |turn| connection.replay(turn))
    }

    /// Runs `count` turns of the replay. Returns the messages that the client receives.
    fn receive_turns(&mut self, count: usize) -> Vec<Received> {
        let mut received = Vec::new();
        for _ in 0..count {
            self.replay().unwrap();
            let publishes = self.take_packets().into_iter().filter_map(|packet| match packet {
                Packet::Publish(publish) => Some(*publish),
                _ => None,
            });
            for publish in publishes {
                self.unacknowledged.extend(publish.packet_id.map(|id| (publish.topic.clone(), id)));
                received.push(Received::from(publish));
            }
        }
        received
    }

    /// Runs the replay to its end. Returns the messages that the client receives.
    fn receive_rest(&mut self) -> Vec<Received> {
        let received = self.receive_turns(TURNS_MAX);
        assert!(!self.connection.may_have_replays, "messages are left after {TURNS_MAX} turns");
        received
    }

    /// Ends the connection without DISCONNECT.
    fn close(self) {
        let Self { connection, shared_broker, .. } = self;
        shared_broker.turn(1 << 20, |turn| connection.end(turn, &End::closed(), &mut Vec::new()));
    }

    /// Takes the packets that wait to be sent to the client.
    fn take_packets(&mut self) -> Vec<Packet> {
        let mut bytes = Vec::new();
        let now = self.shared_broker.0.borrow().now;
        let session = &mut self.connection.owner.handle.lock().session;
        session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
        session.send_waiting(now);
        let (mut rest, mut packets) = (bytes.as_slice(), Vec::new());
        while let Ok(Next::Frame(packet)) = frame::next(rest, ProtocolVersion::V5, u32::MAX) {
            packets.push(Packet::decode(&packet, ProtocolVersion::V5).unwrap());
            rest = &rest[packet.wire.len()..];
        }
        packets
    }
}

/// A retained message as the client received it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Received {
    topic: String,
    qos: QoS,
    /// The subscription identifiers in the PUBLISH.
    subscription_identifiers: Vec<u32>,
    dup: bool,
}

impl From<Publish> for Received {
    fn from(publish: Publish) -> Self {
        assert!(publish.retain, "RETAIN is not set [MQTT5-3.3.1-8]");
        let Publish { topic, qos, dup, .. } = publish;
        Self { topic, qos, subscription_identifiers: publish.properties.subscription_identifiers, dup }
    }
}

/// Returns the messages of the topics in `numbers`, as a client must receive them at `qos` with the subscription
/// identifier `identifier`.
fn expected_messages(numbers: Range<u8>, qos: QoS, identifier: u32) -> Vec<Received> {
    let message = |number| Received {
        topic: topic(number),
        qos,
        subscription_identifiers: vec![identifier],
        dup: false,
    };
    numbers.map(message).collect()
}

fn subscription_options(qos: QoS, retain_handling: RetainHandling) -> SubscriptionOptions {
    SubscriptionOptions { qos, retain_handling, ..SubscriptionOptions::default() }
}

fn topic(number: u8) -> String {
    format!("kept/{number}")
}

/// Maximum number of turns of a replay: more than any test here needs.
const TURNS_MAX: usize = 50;

/// The calculation allows three times the size of an entry, because a growing vector keeps its former memory until the
/// entries are copied, and 32 bytes for the smallest allocation.
#[test]
fn the_entries_of_a_request_take_no_more_memory_than_is_checked() {
    let wire_len = b"\0\x01f\0".len();
    let entry = 3 * size_of::<SubscribeEntry>() + 32 + size_of::<ReasonCode>();
    assert!(entry <= wire_len * memory::PARSED_BYTES_PER_BYTE, "{entry} bytes");
}
