//! The table of entry changes, and what of a batch is left when it is folded.

use std::sync::Arc;

use tidegate_mqtt::{Message, MessageParts, PacketId, QoS, topic};

use super::{Change, EntryChange, SessionChange};
use crate::operation::{EntryKey, Operation};
use crate::record::{EntryRecord, EntryState, MessageNumber, SessionId};

const KEY: EntryKey = EntryKey { session: SessionId(1), message: MessageNumber(1), ordinal: 0 };
const ID: PacketId = PacketId::MIN;

fn message() -> Arc<Message> {
    let topic = topic::Name::parse("t").unwrap();
    let (qos, publisher) = (QoS::AtLeastOnce, 1);
    let parts = MessageParts {
        topic: &topic,
        properties: &[],
        payload: &[],
        qos,
        retain: false,
        publisher,
        expires_at: None,
    };
    Arc::new(Message::from_parts(&parts))
}

fn enqueue() -> Operation {
    Operation::Enqueue {
        key: KEY,
        message: message(),
        expires_at: None,
        record: EntryRecord::queued(QoS::AtLeastOnce),
    }
}

fn fold(operations: Vec<Operation>) -> Change {
    let mut change = Change::default();
    let mut operations = operations;
    change.absorb(&mut operations);
    change
}

/// The change of the one entry, in a letter: what stands in the table of `EntryChange`.
fn letter(operations: &[char]) -> String {
    let operation = |letter: &char| match letter {
        'E' => enqueue(),
        'S' => Operation::Send { key: KEY, packet_id: ID },
        'R' => Operation::Release { key: KEY, packet_id: ID, order: 1 },
        _ => Operation::Complete { key: KEY },
    };
    let change = fold(operations.iter().map(operation).collect());
    let state = |state: &EntryState| match state {
        EntryState::Queued => 'q',
        EntryState::Sent { .. } => 's',
        EntryState::Released { .. } => 'r',
    };
    match change
        .sessions
        .get(&KEY.session)
        .and_then(|session| session.entries.get(&(KEY.message, KEY.ordinal)))
    {
        None => String::new(),
        Some(EntryChange::Put { record, fresh: true }) => format!("fresh {}", state(&record.state)),
        Some(EntryChange::Put { record, fresh: false }) => format!("put {}", state(&record.state)),
        Some(EntryChange::Advance(to)) => format!("advance {}", state(to)),
        Some(EntryChange::Delete) => "delete".to_owned(),
    }
}

#[test]
fn every_cell_of_the_table() {
    let table = [
        (&['E'][..], "fresh q"),
        (&['S'], "advance s"),
        (&['R'], "advance r"),
        (&['C'], "delete"),
        (&['E', 'E'], "fresh q"),
        (&['E', 'S'], "fresh s"),
        (&['E', 'R'], "fresh r"),
        (&['E', 'R', 'S'], "fresh r"),
        (&['E', 'C'], ""),
        (&['E', 'S', 'R', 'C'], ""),
        (&['C', 'E'], "put q"),
        (&['C', 'E', 'S'], "put s"),
        (&['C', 'E', 'C'], "delete"),
        (&['S', 'E'], "put q"),
        (&['S', 'R'], "advance r"),
        (&['R', 'S'], "advance r"),
        (&['S', 'C'], "delete"),
        (&['C', 'S'], "delete"),
        (&['C', 'C'], "delete"),
    ];
    for (operations, expected) in table {
        assert_eq!(letter(operations), expected, "{operations:?}");
    }
}

#[test]
fn closing_leaves_the_order_to_wipe() {
    let session = KEY.session;
    let change = fold(vec![
        enqueue(),
        Operation::Receive { session, packet_id: ID },
        Operation::CloseSession { session },
    ]);
    let SessionChange { wiped, record, subscriptions, entries, received } = &change.sessions[&session];
    assert!(
        *wiped && record.is_none() && subscriptions.is_empty() && entries.is_empty() && received.is_empty()
    );
}

#[test]
fn a_topic_retained_thrice_is_one_change() {
    let tenant: Arc<str> = Arc::from("t");
    let retain = || Operation::Retain { tenant: Arc::clone(&tenant), message: message(), expires_at: None };
    let change = fold(vec![retain(), retain(), retain()]);
    assert_eq!((change.retained.len(), change.operations), (1, 3));
}
