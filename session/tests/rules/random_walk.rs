//! Compares a session with a model of its client during random operations: no packet identifier is used twice, the
//! Receive Maximum is never exceeded, and all QoS 1 and 2 messages arrive in order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidegate_mqtt::{Ack, AckKind, Connect, Packet, Publish, QoS, ReasonCode};
use tidegate_session::{Cause, Config};

use crate::pair::{SessionUnderTest, persistent_connect};

#[derive(Clone, Copy, Debug)]
enum Operation {
    Push(QoS),
    Read,
    /// Acknowledges the open message at this index.
    Answer(usize),
    /// Refuses the open message at this index.
    Refuse(usize),
    /// Reconnects with this Receive Maximum.
    Reconnect(u16),
}

/// The state of the model client.
#[derive(Default)]
struct Client {
    maximum: u16,
    /// Packet identifiers of this connection whose delivery the client has not completed, with their QoS.
    open: BTreeMap<u16, QoS>,
    /// Packet identifiers for which the client has sent PUBREC but not received PUBREL, across connections.
    awaiting_pubrel: BTreeSet<u16>,
    /// Numbers of the messages received, without repeats.
    received: Vec<u32>,
    /// Packet identifiers that were received and whose delivery is not completed, with the number of their message.
    message_numbers: BTreeMap<u16, u32>,
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
                self.awaiting_pubrel.remove(&ack.packet_id.get());
                self.open.remove(&ack.packet_id.get());
                self.message_numbers.remove(&ack.packet_id.get());
                Some(Ack::new(AckKind::PubComp, ack.packet_id, ReasonCode::Success))
            }
            other => panic!("{other:?}"),
        }
    }

    fn publish(&mut self, publish: Publish) {
        let number: u32 = publish.topic.parse().unwrap();
        let Some(id) = publish.packet_id else { return };
        let id = id.get();
        assert!(!self.open.contains_key(&id), "packet identifier {id} is used twice on one connection");
        self.open.insert(id, publish.qos);
        assert!(self.open.len() <= usize::from(self.maximum), "receive maximum");
        let known = self.message_numbers.insert(id, number);
        assert_eq!(known.is_some(), publish.dup, "DUP is set exactly on repeats");
        match known {
            Some(known) => assert_eq!(known, number, "the same message under the same identifier"),
            None => self.received.push(number),
        }
    }

    /// Returns the acknowledgement of the open message at `index`. A QoS 2 message then awaits PUBREL.
    fn answer(&mut self, index: usize, reason: ReasonCode) -> Option<Ack> {
        let waiting: Vec<_> = self.open.iter().filter(|(id, _)| !self.awaiting_pubrel.contains(id)).collect();
        let (&id, &qos) = *waiting.get(index % waiting.len().max(1))?;
        let packet_id = crate::pair::id(id);
        if qos == QoS::AtLeastOnce || reason.is_error() {
            self.open.remove(&id);
            self.message_numbers.remove(&id);
        } else {
            self.awaiting_pubrel.insert(id);
        }
        let kind = if qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
        Some(Ack::new(kind, packet_id, reason))
    }
}

fn connect(maximum: u16) -> Connect {
    let mut connect = persistent_connect();
    connect.receive_maximum = Some(maximum);
    connect
}

fn read(pair: &mut SessionUnderTest, client: &mut Client) {
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

fn reconnect(pair: &mut SessionUnderTest, client: &mut Client, maximum: u16) {
    pair.detach(Cause::Closed);
    // When the connection ends, the bytes that the client has not read are lost.
    drop(pair.session.write_buffer().take(Vec::new()));
    client.open.clear();
    client.maximum = maximum;
    pair.connect(connect(maximum));
}

fn apply_operation(operation: Operation, pair: &mut SessionUnderTest, client: &mut Client, number: &mut u32) {
    match operation {
        Operation::Push(qos) => {
            let _ = pair.push(&number.to_string(), qos);
            *number += u32::from(qos > QoS::AtMostOnce);
        }
        Operation::Read => read(pair, client),
        Operation::Answer(index) => {
            if let Some(ack) = client.answer(index, ReasonCode::Success) {
                pair.session.handle_ack(&ack, pair.now).unwrap();
            }
        }
        Operation::Refuse(index) => {
            if let Some(ack) = client.answer(index, ReasonCode::UnspecifiedError) {
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

/// Runs the operations, then lets the client acknowledge all messages, and checks that it received every message once.
fn run_and_check(operations: Vec<Operation>) {
    let config = Config { inflight_max: 4, ..Config::default() };
    let mut pair = SessionUnderTest::with(config, connect(3));
    let mut client = Client { maximum: 3, ..Client::default() };
    let mut number = 0;
    for operation in operations {
        // The model expects DUP only on messages that the client has received, so the client reads all packets before
        // the connection ends.
        if matches!(operation, Operation::Reconnect(_)) {
            read(&mut pair, &mut client);
        }
        apply_operation(operation, &mut pair, &mut client, &mut number);
    }
    for _ in 0..10_000 {
        read(&mut pair, &mut client);
        let Some(ack) = client.answer(0, ReasonCode::Success) else { break };
        pair.session.handle_ack(&ack, pair.now).unwrap();
    }
    assert_eq!(client.received, (0..number).collect::<Vec<_>>());
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(pair.session.queued(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_session_agrees_with_a_model_client_on_random_walks(operations in prop::collection::vec(operation(), 0..120)) {
        run_and_check(operations);
    }
}
