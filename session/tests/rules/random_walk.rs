//! A session against a model of its client through random walks: no identifier twice, never more open than allowed,
//! every message at QoS 1 and 2 in order and, in the end, all of them there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidegate_mqtt::{Ack, AckKind, Connect, Packet, Publish, QoS, ReasonCode};
use tidegate_session::{Cause, Config};

use crate::pair::{Pair, lasting};

#[derive(Clone, Copy, Debug)]
enum Operation {
    Push(QoS),
    Read,
    /// Answers the open message at this place.
    Answer(usize),
    Refuse(usize),
    Reconnect(u16),
}

/// What the client has and knows.
#[derive(Default)]
struct Client {
    maximum: u16,
    /// PUBLISHes of this connection that the client has not completed, with their QoS.
    open: BTreeMap<u16, QoS>,
    /// Identifiers whose PUBREC the client sent and whose PUBREL has not come, over connections.
    recorded: BTreeSet<u16>,
    /// Numbers of the messages taken, first copies only.
    taken: Vec<u32>,
    /// Identifiers seen and not completed, with the number of their message.
    numbers: BTreeMap<u16, u32>,
}

impl Client {
    fn read(&mut self, packet: Packet) -> Option<Ack> {
        match packet {
            Packet::Publish(publish) => {
                self.publish(*publish);
                None
            }
            Packet::Ack(ack) => {
                assert_eq!(ack.kind, AckKind::PubRel);
                self.recorded.remove(&ack.packet_id.get());
                self.open.remove(&ack.packet_id.get());
                self.numbers.remove(&ack.packet_id.get());
                Some(Ack::new(AckKind::PubComp, ack.packet_id, ReasonCode::Success))
            }
            other => panic!("{other:?}"),
        }
    }

    fn publish(&mut self, publish: Publish) {
        let number: u32 = publish.topic.parse().unwrap();
        let Some(id) = publish.packet_id else { return };
        let id = id.get();
        assert!(!self.open.contains_key(&id), "identifier {id} twice on one connection");
        self.open.insert(id, publish.qos);
        assert!(self.open.len() <= usize::from(self.maximum), "receive maximum");
        let known = self.numbers.insert(id, number);
        assert_eq!(known.is_some(), publish.dup, "DUP exactly on a repeat");
        match known {
            Some(known) => assert_eq!(known, number, "the same message under the same identifier"),
            None => self.taken.push(number),
        }
    }

    /// The answer to the open message at `place`; QoS 2 goes on with PUBREL.
    fn answer(&mut self, place: usize, reason: ReasonCode) -> Option<Ack> {
        let waiting: Vec<_> = self.open.iter().filter(|(id, _)| !self.recorded.contains(id)).collect();
        let (&id, &qos) = *waiting.get(place % waiting.len().max(1))?;
        let packet_id = crate::pair::id(id);
        if qos == QoS::AtLeastOnce || reason.is_error() {
            self.open.remove(&id);
            self.numbers.remove(&id);
        } else {
            self.recorded.insert(id);
        }
        let kind = if qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
        Some(Ack::new(kind, packet_id, reason))
    }
}

fn connect(maximum: u16) -> Connect {
    let mut connect = lasting();
    connect.receive_maximum = Some(maximum);
    connect
}

fn read(pair: &mut Pair, client: &mut Client) {
    loop {
        let packets = pair.received();
        if packets.is_empty() {
            return;
        }
        for packet in packets {
            if let Some(ack) = client.read(packet) {
                pair.session.handle_ack(&ack, pair.now).unwrap();
            }
        }
    }
}

fn reconnect(pair: &mut Pair, client: &mut Client, maximum: u16) {
    pair.detach(Cause::Closed);
    // What the client has not read is lost with the connection.
    drop(pair.session.write_buffer().take(Vec::new()));
    client.open.clear();
    client.maximum = maximum;
    pair.connect(connect(maximum));
}

fn apply(operation: Operation, pair: &mut Pair, client: &mut Client, number: &mut u32) {
    match operation {
        Operation::Push(qos) => {
            let _ = pair.push(&number.to_string(), qos);
            *number += u32::from(qos > QoS::AtMostOnce);
        }
        Operation::Read => read(pair, client),
        Operation::Answer(place) => {
            if let Some(ack) = client.answer(place, ReasonCode::Success) {
                pair.session.handle_ack(&ack, pair.now).unwrap();
            }
        }
        Operation::Refuse(place) => {
            if let Some(ack) = client.answer(place, ReasonCode::UnspecifiedError) {
                pair.session.handle_ack(&ack, pair.now).unwrap();
            }
        }
        Operation::Reconnect(maximum) => reconnect(pair, client, maximum),
    }
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => prop_oneof![Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce), Just(QoS::AtMostOnce)]
            .prop_map(Operation::Push),
        3 => Just(Operation::Read),
        4 => any::<usize>().prop_map(Operation::Answer),
        1 => any::<usize>().prop_map(Operation::Refuse),
        1 => (1..6u16).prop_map(Operation::Reconnect),
    ]
}

/// Messages whose first copy was lost with a connection come as repeats; the model takes them by the first copy read.
fn walk(operations: Vec<Operation>) {
    let config = Config { inflight_max: 4, ..Config::default() };
    let mut pair = Pair::with(config, connect(3));
    let mut client = Client { maximum: 3, ..Client::default() };
    let mut number = 0;
    for operation in operations {
        // A connection whose bytes were not read leaves DUP copies of messages unseen: read before it ends.
        if matches!(operation, Operation::Reconnect(_)) {
            read(&mut pair, &mut client);
        }
        apply(operation, &mut pair, &mut client, &mut number);
    }
    for _ in 0..10_000 {
        read(&mut pair, &mut client);
        let Some(ack) = client.answer(0, ReasonCode::Success) else { break };
        pair.session.handle_ack(&ack, pair.now).unwrap();
    }
    assert_eq!(client.taken, (0..number).collect::<Vec<_>>());
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(pair.session.queued(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn holds(operations in prop::collection::vec(operation(), 0..120)) {
        walk(operations);
    }
}
