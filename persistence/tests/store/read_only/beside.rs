//! Two processes: one has the store, another reads it.

use std::fs;

use tidegate_persistence::{Health, Operation, Store};

use super::filled;
use super::other_process::Reader;
use crate::samples::{enqueue, key, message, open_session};
use crate::world::World;

/// An entry of 100 kB.
fn large(number: u64) -> Operation {
    enqueue(key(1, number, 0), &message("t", &vec![7; 100_000]))
}

#[test]
fn another_process_sees_what_is_committed() {
    let mut world = filled();
    let store = world.open();
    let mut reader = Reader::start(&world.config.folder);
    reader.order("check");
    assert_eq!(reader.answer(), "8 records, []");
    world.settle(&store, vec![open_session(3)]);
    reader.order("check");
    assert_eq!(reader.answer(), "9 records, []");
}

#[test]
fn a_reader_follows_a_map_that_grows() {
    let mut world = filled();
    let store = world.open();
    let mut reader = Reader::start(&world.config.folder);
    let map = store.stats().map_bytes;
    for number in 2..=40 {
        world.settle(&store, vec![large(number)]);
    }
    assert!(store.stats().map_bytes > 2 * map);
    reader.order("check");
    assert_eq!(reader.answer(), "86 records, []");
    // And again, while nothing but a copy is made.
    for number in 41..=120 {
        world.settle(&store, vec![large(number)]);
    }
    let place = world.path().join("copy");
    reader.order(&format!("copy {}", place.display()));
    assert_eq!(reader.answer(), "246 records");
}

#[test]
fn a_state_stays_while_it_is_read() {
    let mut world = filled();
    let store = world.open();
    let mut reader = Reader::start(&world.config.folder);
    reader.order("load");
    assert_eq!(reader.answer(), "loading");
    for number in 2..=40 {
        world.commit(&store, vec![large(number)]);
        world.commit(&store, vec![Operation::Complete { key: key(1, number, 0) }]);
    }
    reader.order("go on");
    assert_eq!(reader.answer(), "loaded");
}

#[test]
fn what_is_read_while_the_owner_starts_anew_is_void() {
    let mut world = filled();
    let store = world.open();
    let mut reader = Reader::start(&world.config.folder);
    reader.order("load");
    assert_eq!(reader.answer(), "loading");
    drop(store);
    let store = world.open();
    reader.order("go on");
    let error = reader.answer();
    assert!(error.contains("started anew"), "{error}");
    let place = world.path().join("copy");
    reader.order(&format!("copy {}", place.display()));
    assert_eq!(reader.answer(), error);
    assert_eq!(fs::read_dir(world.path()).unwrap().count(), 1, "the unfinished copy is gone");
    // It did the owner no harm, and who comes now is told the truth.
    world.settle(&store, vec![open_session(3)]);
    let mut reader = Reader::start(&world.config.folder);
    reader.order("check");
    assert_eq!(reader.answer(), "9 records, []");
}

#[test]
fn a_reader_that_was_killed_holds_nothing_back() {
    let mut world = World::new();
    world.config.size_initial = 256 << 10;
    world.config.size_max = 4 << 20;
    let store = world.open();
    world.settle(&store, vec![open_session(1)]);
    let mut reader = Reader::start(&world.config.folder);
    reader.order("load");
    assert_eq!(reader.answer(), "loading");
    reader.kill();
    // Some 20 MB go through 4.
    for number in 1..=200 {
        world.commit(&store, vec![large(number)]);
        world.commit(&store, vec![Operation::Complete { key: key(1, number, 0) }]);
        assert_eq!(store.health(), Health::Working, "message {number}");
    }
}
