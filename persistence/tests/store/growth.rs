//! Room: the map grows up to its limit; there the store is full, says so, keeps its promises, and heals when room is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_persistence::{Commit, Disk, Health, Operation, Reason, Store};

use crate::samples::{enqueue, key, message, open_session};
use crate::world::{World, accepted, content};

const SIZE_MAX: usize = 4 << 20;

fn fill(number: u64) -> Operation {
    enqueue(key(1, number, 0), &message("t", &vec![7; 100_000]))
}

/// Appends entries of 100 kB until the store is full; gives the last one. It is committed, as all before.
fn fill_up(store: &Disk, world: &World) -> u64 {
    accepted(store.append(&mut vec![open_session(1)]));
    for number in 1..100 {
        let commit = accepted(store.append(&mut vec![fill(number)]));
        world.watch.committed(commit);
        if store.health() != Health::Working {
            assert_eq!(store.health(), Health::Full(Reason::SizeLimit(SIZE_MAX)));
            return number;
        }
    }
    unreachable!("it is full at some time")
}

/// Goes on until there is no room in the reserve either; gives the one that waits for room.
fn overfill(store: &Disk, world: &World) -> u64 {
    for number in fill_up(store, world) + 1..200 {
        let commit = accepted(store.append(&mut vec![fill(number)]));
        let state = || (store.committed() >= commit, store.stats().held == 1);
        while state() == (false, false) {
            std::thread::yield_now();
        }
        if store.committed() < commit {
            assert_eq!(store.stats().waiting, 1, "what the writer holds counts");
            return number;
        }
    }
    unreachable!("the reserve ends")
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

/// What was taken before anybody knew that the store is full is kept.
#[test]
fn the_reserve_takes_what_was_on_its_way() {
    let mut world = small();
    let store = world.open();
    let kept = fill_up(&store, &world);
    assert!(kept >= 20, "{kept}");
    world.commit(&store, vec![open_session(2), fill(kept + 1), fill(kept + 2)]);
    assert!(matches!(store.health(), Health::Full(_)));
    drop(store);
    assert_eq!(world.reopened_content().len(), 2 + 2 * (kept as usize + 2));
}

#[test]
fn beyond_the_reserve_nothing_is_lost_and_nothing_promised() {
    let mut world = small();
    let waits = world.with(overfill);
    let lines = world.reopened_content();
    assert_eq!(lines.len(), 1 + 2 * (waits as usize - 1), "all that was committed, and no more");
}

#[test]
fn a_full_store_heals_once_entries_are_completed() {
    let mut world = small();
    let store = world.open();
    let waits = overfill(&store, &world);
    let completes = (1..=waits / 2).map(|number| Operation::Complete { key: key(1, number, 0) });
    let commit = accepted(store.append(&mut completes.collect()));
    world.watch.committed(commit);
    world.watch.health(|health| *health == Health::Working);
    let expected = 1 + 2 * (waits - waits / 2) as usize;
    assert_eq!(content(&store).len(), expected, "the entry that found no room is there now");
    assert_eq!(store.check().unwrap().faults, [""; 0]);
    let commit = accepted(store.append(&mut vec![fill(1000)]));
    world.watch.committed(commit);
    drop(store);
    let map = world.with(|store, _| store.stats().map_bytes);
    assert!(map < SIZE_MAX as u64 + (1 << 20), "the reserve is not the next limit: {map}");
}

/// What went into the reserve has to be made good first, and some more.
#[test]
fn it_is_full_until_some_room_is_left() {
    let mut world = small();
    let store = world.open();
    let kept = fill_up(&store, &world);
    world.commit(&store, vec![fill(kept + 1), fill(kept + 2)]);
    let complete = |number| {
        world.commit(&store, vec![Operation::Complete { key: key(1, number, 0) }]);
        world.commit(&store, vec![open_session(2)]);
        store.health()
    };
    assert!(matches!(complete(1), Health::Full(_)));
    let healed = (2..=kept).find(|number| complete(*number) == Health::Working);
    assert!(healed.is_some_and(|number| number < kept / 2), "{healed:?} of {kept}");
}

#[test]
fn completing_what_found_no_room_lets_the_rest_through() {
    let mut world = small();
    let store = world.open();
    let waits = overfill(&store, &world);
    let commit = accepted(store.append(&mut vec![Operation::Complete { key: key(1, waits, 0) }]));
    world.watch.committed(commit);
    assert_eq!(content(&store).len(), 1 + 2 * (waits as usize - 1));
    assert_eq!(store.stats().held, 0);
}

#[test]
fn a_larger_limit_makes_room() {
    let mut world = small();
    let kept = world.with(fill_up);
    world.config.size_max = 16 << 20;
    world.with(|store, world| {
        assert!(world.commit(store, vec![fill(kept + 1)]) >= Commit(1));
        assert_eq!(store.health(), Health::Working);
    });
    assert_eq!(world.reopened_content().len(), 3 + 2 * kept as usize);
}
