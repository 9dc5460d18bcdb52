//! Room: the map grows up to its limit; there the store is full, says so, keeps its promises, and heals when room is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_persistence::{Appended, Commit, Disk, Health, Operation, Reason, Store};

use crate::samples::{enqueue, key, message, open_session};
use crate::world::{World, accepted, content};

const SIZE_MAX: usize = 4 << 20;

fn fill(number: u64) -> Operation {
    enqueue(key(1, number, 0), &message("t", &vec![7; 100_000]))
}

/// Appends entries of 100 kB until the store is full; gives the last one that was committed.
fn fill_up(store: &Disk, world: &World) -> u64 {
    accepted(store.append(&mut vec![open_session(1)]));
    for number in 1.. {
        let commit = accepted(store.append(&mut vec![fill(number)]));
        let state = || (store.committed() >= commit, store.health() != Health::Working);
        while state() == (false, false) {
            std::thread::yield_now();
        }
        if store.committed() < commit {
            world.watch.health(|health| matches!(health, Health::Full(Reason::SizeLimit(SIZE_MAX))));
            assert_eq!(store.stats().waiting, 1, "what the writer holds counts");
            return number - 1;
        }
    }
    unreachable!("it is full at some time")
}

fn small() -> World {
    let mut world = World::new();
    world.config.size_initial = 256 << 10;
    world.config.size_max = SIZE_MAX;
    world
}

#[test]
fn the_map_grows_while_readers_read() {
    let mut world = World::new();
    world.config.size_initial = 256 << 10;
    let store = world.open();
    let done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut loads = 0;
            while !done.load(Ordering::Relaxed) || loads == 0 {
                store.load(&mut |_, _| {}).unwrap();
                assert_eq!(store.check().unwrap().faults, [""; 0]);
                loads += 1;
            }
        });
        world.commit(&store, vec![open_session(1)]);
        for number in 1..=300 {
            world.commit(&store, vec![fill(number)]);
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert!(store.stats().map_bytes > 30_000_000 && store.health() == Health::Working);
    drop(store);
    assert_eq!(world.reopened_content().len(), 601);
}

#[test]
fn at_the_limit_nothing_is_lost_and_nothing_promised() {
    let mut world = small();
    let kept = world.with(fill_up);
    assert!(kept >= 20, "{kept}");
    let lines = world.reopened_content();
    assert_eq!(lines.len(), 1 + 2 * kept as usize, "all that was committed, and no more");
}

#[test]
fn a_full_store_heals_once_entries_are_completed() {
    let mut world = small();
    let store = world.open();
    let kept = fill_up(&store, &world);
    let completes = (1..=kept / 2).map(|number| Operation::Complete { key: key(1, number, 0) });
    let commit = accepted(store.append(&mut completes.collect()));
    world.watch.committed(commit);
    world.watch.health(|health| *health == Health::Working);
    let expected = 1 + 2 * (kept - kept / 2 + 1) as usize;
    assert_eq!(content(&store).len(), expected, "the entry that found no room is there now");
    assert_eq!(store.check().unwrap().faults, [""; 0]);
    let commit = accepted(store.append(&mut vec![fill(1000)]));
    world.watch.committed(commit);
    drop(store);
    let map = world.with(|store, _| store.stats().map_bytes);
    assert!(map < SIZE_MAX as u64 + (1 << 19), "the reserve is not the next limit: {map}");
}

#[test]
fn completing_what_found_no_room_heals_it_too() {
    let mut world = small();
    let store = world.open();
    let kept = fill_up(&store, &world);
    let commit = accepted(store.append(&mut vec![Operation::Complete { key: key(1, kept + 1, 0) }]));
    world.watch.committed(commit);
    world.watch.health(|health| *health == Health::Working);
    assert_eq!(content(&store).len(), 1 + 2 * kept as usize);
}

#[test]
fn a_full_store_refuses_at_last() {
    let mut world = small();
    world.config.batch_len_max = 4;
    let store = world.open();
    let kept = fill_up(&store, &world);
    let mut number = kept + 2;
    let refused = loop {
        match store.append(&mut vec![fill(number)]) {
            Appended::Refused => break number,
            Appended::Accepted(commit) | Appended::Slow(commit) => assert!(commit > store.committed()),
        }
        number += 1;
        assert!(number < kept + 20, "bounded");
    };
    assert!(refused > kept + 2);
    drop(store);
    assert_eq!(world.reopened_content().len(), 1 + 2 * kept as usize);
}

#[test]
fn a_larger_limit_makes_room() {
    let mut world = small();
    let kept = world.with(fill_up);
    world.config.size_max = 16 << 20;
    world.with(|store, world| assert!(world.commit(store, vec![fill(kept + 1)]) >= Commit(1)));
    assert_eq!(world.reopened_content().len(), 3 + 2 * kept as usize);
}
