//! Reading one session gives the same records as reading everything and keeping those of the session.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use tidegate_persistence::{Appended, Directory, EntryState, Item, Memory, MessageId, SessionId, Store};

use crate::harness::Harness;
use crate::model::Model;
use crate::random::{Seed, operation};
use crate::samples::{enqueue, key, message, open_session};
use crate::watch::Watch;

/// Returns the records that the store reads for one session, one line per record.
fn one_session(store: &dyn Store, session: SessionId) -> Vec<String> {
    let mut lines = Vec::new();
    store.load_session(session, &mut |item| lines.push(format!("{item:?}"))).unwrap();
    lines
}

/// Reads everything, and returns the records of one session, one line per record.
fn filtered(store: &dyn Store, session: SessionId) -> Vec<String> {
    let mut needed = BTreeSet::new();
    store
        .load(&mut |item, _| {
            if let Item::Entry(key, record) = item
                && key.session == session
                && !matches!(record.state, EntryState::Released { .. })
            {
                needed.insert(key.message);
            }
        })
        .unwrap();
    let mut lines = Vec::new();
    let mut keep = |item: Item<'_>| {
        if belongs(&item, session, &needed) {
            lines.push(format!("{item:?}"));
        }
    };
    store.load(&mut |item, _| keep(item)).unwrap();
    lines
}

fn belongs(item: &Item<'_>, session: SessionId, needed: &BTreeSet<MessageId>) -> bool {
    match item {
        Item::Session(id, _) | Item::Subscription(id, _) | Item::Received(id, _) => *id == session,
        Item::Entry(key, _) => key.session == session,
        Item::Message(id, _) => needed.contains(id),
        Item::Retained { .. } => false,
    }
}

/// Applies random operations in a few batches, and compares both ways of reading each session after each batch.
fn compare_all_sessions(store: &dyn Store, batches: &[Vec<Seed>]) {
    let mut model = Model::default();
    for seeds in batches {
        let mut operations = Vec::new();
        for seed in seeds {
            let operation = operation(&model, *seed);
            model.apply_operation(&operation);
            operations.push(operation);
        }
        assert!(matches!(store.append(&mut operations), Appended::Accepted(_)));
        for session in (0..6).map(SessionId) {
            assert_eq!(one_session(store, session), filtered(store, session), "session {}", session.0);
        }
    }
}

fn batches() -> impl Strategy<Value = Vec<Vec<Seed>>> {
    let seeds = prop::collection::vec((0..14_u8, 1..5_u8, 1..6_u8, 0..3_u8), 1..40);
    prop::collection::vec(seeds, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_session_of_a_disk_is_what_loading_everything_gives(batches in batches()) {
        Harness::new().with_store(|store, _| compare_all_sessions(store, &batches));
    }

    #[test]
    fn one_session_of_memory_is_what_loading_everything_gives(batches in batches()) {
        compare_all_sessions(&Memory::new(Arc::<Watch>::default()), &batches);
    }
}

#[test]
fn messages_of_other_sessions_are_not_read() {
    Harness::new().with_store(|store, harness| {
        let (own, other) = (message("own", b"1"), message("other", b"2"));
        let entries =
            [enqueue(key(1, 1, 0), &own), enqueue(key(1, 1, 1), &own), enqueue(key(2, 2, 0), &other)];
        let sessions = [open_session(1), open_session(2), open_session(u64::from(u32::MAX))];
        harness.commit(store, sessions.into_iter().chain(entries).collect());
        let mut messages = Vec::new();
        let mut count = 0;
        store
            .load_session(SessionId(1), &mut |item| {
                count += 1;
                if let Item::Message(id, _) = item {
                    messages.push(id);
                }
            })
            .unwrap();
        assert_eq!((messages, count), (vec![MessageId(1)], 4));
    });
}
