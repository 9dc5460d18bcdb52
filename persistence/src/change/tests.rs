//! Tests of the transition table of entries, and of the changes that remain after a batch was folded.

use std::sync::Arc;

use tidegate_mqtt::{Message, MessageParts, PacketId, QoS, topic};

use super::{ChangeSet, EntryChange, SessionChange};
use crate::operation::{EntryKey, Operation};
use crate::record::{EntryRecord, EntryState, MessageId, SessionId};

const KEY: EntryKey = EntryKey { session: SessionId(1), message: MessageId(1), ordinal: 0 };
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

fn fold(operations: Vec<Operation>) -> ChangeSet {
    let mut change = ChangeSet::default();
    let mut operations = operations;
    change.fold_operations(&mut operations);
    change.purge_closed();
    change
}

/// Folds the operations on one entry, given by their first letters. Returns the change of the entry in short form: the
/// name used in the table of `EntryChange`, and the first letter of the state.
fn short_form(operations: &[char]) -> String {
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
    let entry = change.messages().flat_map(|message| change.entries(message)).next();
    let holds = matches!(&entry, Some((_, entry)) if entry.holds_body());
    assert_eq!(change.body(KEY.message).is_some(), holds);
    assert_eq!(
        (change.body_count(), change.write_cost()),
        (usize::from(holds), usize::from(entry.is_some()))
    );
    match entry.map(|(key, entry)| (key == KEY).then_some(entry).unwrap()) {
        None => String::new(),
        Some(EntryChange::Put { record, fresh: true }) => format!("fresh {}", state(&record.state)),
        Some(EntryChange::Put { record, fresh: false }) => format!("put {}", state(&record.state)),
        Some(EntryChange::Advance(to)) => format!("advance {}", state(to)),
        Some(EntryChange::Delete) => "delete".to_owned(),
    }
}

#[test]
fn folding_matches_every_cell_of_the_table() {
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
        assert_eq!(short_form(operations), expected, "{operations:?}");
    }
}

#[test]
fn closing_a_session_leaves_only_the_deletion_of_its_records() {
    let session = KEY.session;
    let change = fold(vec![
        enqueue(),
        Operation::Receive { session, packet_id: ID },
        Operation::CloseSession { session },
    ]);
    let sessions: Vec<_> = change.sessions().collect();
    let [SessionChange { id, deleted_first: true, record: None, subscriptions, received, .. }] =
        &sessions[..]
    else {
        panic!("one session, deleted_first");
    };
    assert!(*id == session && subscriptions.is_empty() && received.is_empty());
    assert_eq!((change.write_cost(), change.body_count(), change.messages().count()), (0, 0, 0));
}

#[test]
fn retaining_a_topic_three_times_is_one_change() {
    let tenant: Arc<str> = Arc::from("t");
    let retain = || Operation::Retain { tenant: Arc::clone(&tenant), message: message(), expires_at: None };
    let change = fold(vec![retain(), retain(), retain()]);
    assert_eq!((change.retained.len(), change.operations), (1, 3));
}

fn enqueue_at(session: u64, id: u64, ordinal: u16) -> Operation {
    let key = EntryKey { session: SessionId(session), message: MessageId(id), ordinal };
    Operation::Enqueue {
        key,
        message: message(),
        expires_at: None,
        record: EntryRecord::queued(QoS::AtLeastOnce),
    }
}

/// Returns the entries of a change set: session, message, ordinal.
fn entries(change: &ChangeSet) -> Vec<(u64, u64, u16)> {
    let entries = change.messages().flat_map(|message| change.entries(message));
    let mut all: Vec<_> = entries.map(|(key, _)| (key.session.0, key.message.0, key.ordinal)).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_reopened_session_keeps_only_later_entries() {
    let close = |session| Operation::CloseSession { session: SessionId(session) };
    let mut change = fold(vec![
        enqueue_at(1, 10, 0),
        enqueue_at(2, 10, 0),
        enqueue_at(1, 11, 0),
        close(1),
        enqueue_at(1, 10, 0),
    ]);
    assert_eq!(entries(&change), [(1, 10, 0), (2, 10, 0)]);
    assert_eq!((change.body_count(), change.write_cost()), (1, 2));
    change.fold_operations(&mut vec![close(2), close(1)]);
    change.purge_closed();
    assert_eq!((entries(&change), change.body_count(), change.write_cost()), (vec![], 0, 0));
}

#[test]
fn a_body_is_kept_until_its_last_entry_completes() {
    let complete = |session, ordinal| {
        let key = EntryKey { session: SessionId(session), message: MessageId(1), ordinal };
        Operation::Complete { key }
    };
    let mut change = fold(vec![enqueue_at(1, 1, 0), enqueue_at(1, 1, 1), enqueue_at(2, 1, 0)]);
    assert!(!change.messages().all(super::MessageChange::is_single));
    for (session, ordinal) in [(1, 0), (1, 1)] {
        change.fold_operations(&mut vec![complete(session, ordinal)]);
        assert_eq!((change.body_count(), change.body(MessageId(1)).is_some()), (1, true));
    }
    change.fold_operations(&mut vec![complete(2, 0)]);
    assert!(change.is_empty() && change.body_count() == 0);
}

#[test]
fn merging_batches_equals_folding_all_operations() {
    let key = |session, id| EntryKey { session: SessionId(session), message: MessageId(id), ordinal: 0 };
    let complete = |session, id| Operation::Complete { key: key(session, id) };
    let send = |session, id| Operation::Send { key: key(session, id), packet_id: ID };
    let close = |session| Operation::CloseSession { session: SessionId(session) };
    let batches = [
        vec![enqueue_at(1, 1, 0), enqueue_at(2, 1, 0), enqueue_at(3, 2, 0), complete(9, 7)],
        vec![send(1, 1), complete(3, 2), enqueue_at(2, 3, 0), enqueue_at(9, 7, 0)],
        vec![close(1), enqueue_at(1, 4, 0), enqueue_at(3, 1, 0), complete(2, 1)],
        vec![enqueue_at(4, 6, 0), close(4), enqueue_at(4, 7, 0), close(2), close(3), enqueue_at(3, 5, 0)],
    ];
    let counts = |change: &ChangeSet| (change.body_count(), change.write_cost(), change.operations);
    let (mut merged, mut late, mut all) = (ChangeSet::default(), ChangeSet::default(), vec![]);
    for batch in &batches {
        for change in [&mut merged, &mut late] {
            let mut later = ChangeSet::default();
            later.fold_operations(&mut batch.clone());
            change.merge(&mut later);
            assert!(later.is_empty() && later.body_count() == 0 && later.operations == 0);
        }
        merged.purge_closed();
        all.extend(batch.iter().cloned());
        let folded = fold(all.clone());
        assert_eq!((entries(&merged), counts(&merged)), (entries(&folded), counts(&folded)));
    }
    late.purge_closed();
    assert_eq!(
        (entries(&late), counts(&late)),
        (entries(&merged), counts(&merged)),
        "purged once, at the end"
    );
}
