//! Tests with two processes: one has the store open, and the other reads it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use tidegate_persistence::{Health, Journal, Operation};

use super::filled_store;
use super::other_process::Reader;
use crate::harness::Harness;
use crate::samples::{enqueue, key, message, open_session};

/// The layout of LMDB's two header pages.
const PAGE_SIZE: u64 = 4096;
const PAGE_NUMBER_SIZE: usize = 8;
const TRANSACTION_OFFSET: usize = 144;
const HEADER_SIZE: usize = TRANSACTION_OFFSET + 8;

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

/// LMDB writes the header of a state, waits for the disk, and only then lets readers use the state.
#[test]
fn a_store_can_be_opened_while_its_owner_waits_for_the_disk() {
    let mut harness = filled_store();
    let _store = harness.open();
    let file = File::options().read(true).write(true).open(harness.data()).unwrap();
    let mut headers = [[0; HEADER_SIZE]; 2];
    headers.iter_mut().zip([0, PAGE_SIZE]).for_each(|(page, at)| file.read_exact_at(page, at).unwrap());
    let transaction =
        |page: &[u8; HEADER_SIZE]| u64::from_ne_bytes(*page[TRANSACTION_OFFSET..].first_chunk().unwrap());
    let newest = if transaction(&headers[0]) > transaction(&headers[1]) { 0 } else { 1 };
    // The header of the next state, whose content is that of the newest one.
    let mut next = headers[newest];
    let number = transaction(&next) + 1;
    next[TRANSACTION_OFFSET..].copy_from_slice(&number.to_ne_bytes());
    let at = number % 2 * PAGE_SIZE;
    file.write_all_at(&next[PAGE_NUMBER_SIZE..], at + PAGE_NUMBER_SIZE as u64).unwrap();
    let mut reader = Reader::start(&harness.config.folder);
    reader.send("check");
    assert_eq!(reader.answer(), "8 records, []");
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
