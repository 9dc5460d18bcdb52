//! Compares the in-flight table with a plain list.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;
use tidegate_mqtt::{Message, MessageParts, PacketId, QoS, topic};

use super::sender::{Action, Event, State};
use super::{Inflight, Slot, WINDOW_MAX, distance};
use crate::stored_delivery::{Delivery, StoredDelivery};

/// The oracle: a list of the open identifiers with their state, oldest first, and the released identifiers in the order
/// of their PUBRECs.
#[derive(Default)]
struct List {
    open: Vec<(PacketId, State)>,
    released: Vec<PacketId>,
}

impl List {
    fn state(&self, id: PacketId) -> State {
        self.open.iter().find(|(open, _)| *open == id).map_or(State::Free, |(_, state)| *state)
    }

    fn handle_event(&mut self, id: PacketId, event: Event) -> Action {
        let action = self.state(id).on(event);
        match action {
            Action::Complete => {
                self.open.retain(|(open, _)| *open != id);
                self.released.retain(|released| *released != id);
            }
            Action::Release => {
                let entry = self.open.iter_mut().find(|(open, _)| *open == id).unwrap();
                entry.1 = State::AwaitingPubComp;
                self.released.push(id);
            }
            _ => {}
        }
        action
    }
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Open(QoS),
    /// Acknowledges the open identifier at this index.
    Acknowledge(usize, Event),
    /// Acknowledges any identifier, open or not.
    AcknowledgeAny(u16, Event),
    /// Opens and completes this many identifiers, which moves the window.
    OpenAndComplete(u16),
}

fn stored(qos: QoS) -> StoredDelivery {
    let topic = topic::Name::parse("a").unwrap();
    let parts = MessageParts {
        topic: &topic,
        properties: &[],
        payload: &[],
        qos,
        retain: false,
        publisher: 0,
        expires_at: None,
    };
    let message = Arc::new(Message::from_parts(&parts));
    StoredDelivery::new(
        &Delivery {
            message: &message,
            qos,
            retain: false,
            subscription_identifiers: &[],
            shared_filter: None,
        },
        true,
    )
}

fn open(table: &mut Inflight, list: &mut List, qos: QoS) -> PacketId {
    let id = table.reserve();
    table.open(stored(qos));
    assert_eq!(list.state(id), State::Free, "{id} is open already");
    let state = if qos == QoS::AtLeastOnce { State::AwaitingPubAck } else { State::AwaitingPubRec };
    list.open.push((id, state));
    id
}

fn apply_event(table: &mut Inflight, list: &mut List, id: PacketId, event: Event) {
    let outcome = table.handle_event(id, event);
    assert_eq!(outcome.action, list.handle_event(id, event), "{id} {event:?}");
    assert_eq!(outcome.frees_quota, outcome.action == Action::Complete);
}

fn apply_operation(operation: Operation, table: &mut Inflight, list: &mut List) {
    match operation {
        Operation::Open(qos) => {
            open(table, list, qos);
        }
        Operation::Acknowledge(index, event) => {
            if let Some((id, _)) = list.open.get(index % list.open.len().max(1)).copied() {
                apply_event(table, list, id, event);
            }
        }
        Operation::AcknowledgeAny(id, event) => apply_event(table, list, PacketId::new(id).unwrap(), event),
        Operation::OpenAndComplete(count) => {
            for _ in 0..count {
                let id = open(table, list, QoS::AtLeastOnce);
                apply_event(table, list, id, Event::Acknowledged);
            }
        }
    }
}

fn compare(table: &Inflight, list: &List) {
    assert_eq!(usize::from(table.len()), list.open.len());
    let published = list.open.iter().filter(|(_, state)| *state != State::AwaitingPubComp);
    assert!(table.published().eq(published.map(|(id, _)| *id)));
    assert_eq!(table.released(), list.released);
    assert!(table.slots.len() <= WINDOW_MAX);
    assert!(!matches!(table.slots.front(), Some(Slot::Closed)), "the window begins at an open slot");
    assert!(table.stragglers.len() <= usize::from(table.len()));
}

fn operation() -> impl Strategy<Value = Operation> {
    let event = prop_oneof![
        Just(Event::Acknowledged),
        Just(Event::Received),
        Just(Event::Refused),
        Just(Event::Completed)
    ];
    let qos = prop_oneof![Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce)];
    prop_oneof![
        12 => qos.prop_map(Operation::Open),
        16 => (any::<usize>(), event.clone()).prop_map(|(index, event)| Operation::Acknowledge(index, event)),
        1 => (1..u16::MAX, event).prop_map(|(id, event)| Operation::AcknowledgeAny(id, event)),
        1 => prop_oneof![3 => 1..50u16, 1 => 1..17_000u16].prop_map(Operation::OpenAndComplete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_table_agrees_with_a_plain_list(operations in prop::collection::vec(operation(), 1..200)) {
        let mut table = Inflight::default();
        let mut list = List::default();
        for operation in operations {
            apply_operation(operation, &mut table, &mut list);
            compare(&table, &list);
        }
        let remaining: VecDeque<_> = table.drain().collect();
        prop_assert_eq!(remaining.len(), list.open.len() - list.released.len());
        prop_assert_eq!(table.len(), 0);
    }
}

#[test]
fn open_packet_identifiers_are_skipped_after_the_sequence_wraps_around() {
    let mut table = Inflight::default();
    let mut list = List::default();
    let stuck: Vec<_> = (0..50).map(|_| open(&mut table, &mut list, QoS::ExactlyOnce)).collect();
    apply_operation(Operation::OpenAndComplete(u16::MAX), &mut table, &mut list);
    apply_operation(Operation::OpenAndComplete(u16::MAX), &mut table, &mut list);
    compare(&table, &list);
    assert_eq!(table.stragglers.len(), 50);
    for id in stuck.into_iter().rev() {
        apply_event(&mut table, &mut list, id, Event::Received);
        apply_event(&mut table, &mut list, id, Event::Completed);
    }
    compare(&table, &list);
    assert!(table.stragglers.is_empty());
}

#[test]
fn distance_skips_identifier_0() {
    let id = |value| PacketId::new(value).unwrap();
    assert_eq!(distance(id(1), id(1)), 0);
    assert_eq!(distance(id(65_535), id(1)), 1);
    assert_eq!(distance(id(2), id(1)), 65_534);
}

#[test]
fn a_slot_is_at_most_24_bytes() {
    assert!(size_of::<Slot>() <= 24);
}
