//! Tests with two processes: one has the store open, and the other reads it.

use std::fs;

use tidegate_persistence::{Health, Journal, Operation};

use super::filled_store;
use super::other_process::Reader;
use crate::harness::Harness;
use crate::samples::{enqueue, key, message, open_session};

/// Returns the operation that enqueues an entry of 100 kB.
fn enqueue_large(number: u64) -> Operation {
    enqueue(key(1, number, 0), &message("t", &vec![7; 100_000]))
}

#[test]
fn another_process_sees_committed_records() {
    let mut harness = filled_store();
    let store = harness.open();
    let mut reader = Reader::start(&harness.config.folder);
    reader.send("check");
    assert_eq!(reader.answer(), "8 records, []");
    harness.commit_to_tables(&store, vec![open_session(3)]);
    reader.send("check");
    assert_eq!(reader.answer(), "9 records, []");
}

#[test]
fn a_reader_follows_a_growing_map() {
    let mut harness = filled_store();
    let store = harness.open();
    let mut reader = Reader::start(&harness.config.folder);
    let map = store.stats().map_bytes;
    for number in 2..=40 {
        harness.commit_to_tables(&store, vec![enqueue_large(number)]);
    }
    assert!(store.stats().map_bytes > 2 * map);
    reader.send("check");
    assert_eq!(reader.answer(), "86 records, []");
    // The map grows again before the reader makes a copy.
    for number in 41..=120 {
        harness.commit_to_tables(&store, vec![enqueue_large(number)]);
    }
    let target = harness.path().join("copy");
    reader.send(&format!("copy {}", target.display()));
    assert_eq!(reader.answer(), "246 records");
}

#[test]
fn a_reader_sees_one_unchanged_state() {
    let mut harness = filled_store();
    let store = harness.open();
    let mut reader = Reader::start(&harness.config.folder);
    reader.send("load");
    assert_eq!(reader.answer(), "loading");
    for number in 2..=40 {
        harness.commit(&store, vec![enqueue_large(number)]);
        harness.commit(&store, vec![Operation::Complete { key: key(1, number, 0) }]);
    }
    reader.send("go on");
    assert_eq!(reader.answer(), "loaded");
}

#[test]
fn a_read_is_discarded_when_the_owner_restarts() {
    let mut harness = filled_store();
    let store = harness.open();
    let mut reader = Reader::start(&harness.config.folder);
    reader.send("load");
    assert_eq!(reader.answer(), "loading");
    drop(store);
    let store = harness.open();
    reader.send("go on");
    let error = reader.answer();
    assert!(error.contains("was restarted"), "{error}");
    let target = harness.path().join("copy");
    reader.send(&format!("copy {}", target.display()));
    assert_eq!(reader.answer(), error);
    assert_eq!(fs::read_dir(harness.path()).unwrap().count(), 1, "the incomplete copy is removed");
    // The owner is not affected, and a new reader gets correct results.
    harness.commit_to_tables(&store, vec![open_session(3)]);
    let mut reader = Reader::start(&harness.config.folder);
    reader.send("check");
    assert_eq!(reader.answer(), "9 records, []");
}

#[test]
fn a_killed_reader_does_not_prevent_pages_from_being_reused() {
    let mut harness = Harness::new();
    harness.config.size_initial = 256 << 10;
    harness.config.size_max = 4 << 20;
    let store = harness.open();
    harness.commit_to_tables(&store, vec![open_session(1)]);
    let mut reader = Reader::start(&harness.config.folder);
    reader.send("load");
    assert_eq!(reader.answer(), "loading");
    reader.kill();
    // About 20 MB pass through a store of 4 MB.
    for number in 1..=200 {
        harness.commit(&store, vec![enqueue_large(number)]);
        harness.commit(&store, vec![Operation::Complete { key: key(1, number, 0) }]);
        assert_eq!(store.health(), Health::Working, "message {number}");
    }
}
