//! The map grows up to its limit. At its limit, the store reports that it is full, keeps its guarantees, and recovers
//! when space is freed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_persistence::{Commit, Directory, Disk, Health, Journal, Maintenance, Operation, Reason};

use crate::harness::{Harness, accepted, content};
use crate::samples::{enqueue, key, message, open_session};

const SIZE_MAX: usize = 4 << 20;

fn large_entry(number: u64) -> Operation {
    enqueue(key(1, number, 0), &message("t", &vec![7; 100_000]))
}

/// Appends entries of 100 kB until the store is full. Returns the number of the last entry. All entries are committed.
fn fill_to_the_limit(store: &Disk, harness: &Harness) -> u64 {
    accepted(store.append(&mut vec![open_session(1)]));
    for number in 1..100 {
        let commit = accepted(store.append(&mut vec![large_entry(number)]));
        harness.watch.wait_for_commit(commit);
        if store.health() != Health::Working {
            assert_eq!(store.health(), Health::Full(Reason::SizeLimit(SIZE_MAX)));
            return number;
        }
    }
    unreachable!("the store never became full")
}

/// Appends entries until the reserve is full as well. Returns the number of the entry for which there is no space, and
/// which is retried.
fn fill_reserve(store: &Disk, harness: &Harness) -> u64 {
    for number in fill_to_the_limit(store, harness) + 1..200 {
        let commit = accepted(store.append(&mut vec![large_entry(number)]));
        let state = || (store.latest_commit() >= commit, store.stats().retrying == 1);
        while state() == (false, false) {
            std::thread::yield_now();
        }
        if store.latest_commit() < commit {
            assert_eq!(store.stats().waiting, 1, "operations that are retried count as waiting");
            return number;
        }
    }
    unreachable!("the reserve never became full")
}

fn small_store() -> Harness {
    let mut harness = Harness::new();
    harness.config.size_initial = 256 << 10;
    harness.config.size_max = SIZE_MAX;
    harness
}

#[test]
fn the_map_grows_while_readers_read() {
    let mut harness = Harness::new();
    harness.config.size_initial = 256 << 10;
    let store = harness.open();
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
        harness.commit(&store, vec![open_session(1)]);
        for number in 1..=300 {
            harness.commit(&store, vec![large_entry(number)]);
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert!(store.stats().map_bytes > 30_000_000 && store.health() == Health::Working);
    drop(store);
    assert_eq!(harness.reopened_content().len(), 601);
}

/// Operations that are appended before the store reports that it is full are committed in the reserve.
#[test]
fn the_reserve_takes_operations_appended_before_the_store_reports_full() {
    let mut harness = small_store();
    let store = harness.open();
    let kept = fill_to_the_limit(&store, &harness);
    assert!(kept >= 20, "{kept}");
    harness.commit(&store, vec![open_session(2), large_entry(kept + 1), large_entry(kept + 2)]);
    assert!(matches!(store.health(), Health::Full(_)));
    drop(store);
    assert_eq!(harness.reopened_content().len(), 2 + 2 * (kept as usize + 2));
}

#[test]
fn when_the_reserve_is_full_no_commit_is_reported_and_no_commit_is_lost() {
    let mut harness = small_store();
    let retried = harness.with_store(fill_reserve);
    let lines = harness.reopened_content();
    assert_eq!(lines.len(), 1 + 2 * (retried as usize - 1), "everything committed, and nothing else");
}

#[test]
fn a_full_store_recovers_when_entries_are_completed() {
    let mut harness = small_store();
    let store = harness.open();
    let retried = fill_reserve(&store, &harness);
    let completes = (1..=retried / 2).map(|number| Operation::Complete { key: key(1, number, 0) });
    let commit = accepted(store.append(&mut completes.collect()));
    harness.watch.wait_for_commit(commit);
    harness.watch.wait_for_health(|health| *health == Health::Working);
    let expected = 1 + 2 * (retried - retried / 2) as usize;
    assert_eq!(content(&store).len(), expected, "the entry that did not fit is stored now");
    assert_eq!(store.check().unwrap().faults, [""; 0]);
    let commit = accepted(store.append(&mut vec![large_entry(1000)]));
    harness.watch.wait_for_commit(commit);
    drop(store);
    let map = harness.with_store(|store, _| store.stats().map_bytes);
    assert!(map < SIZE_MAX as u64 + (1 << 20), "the map has its normal limit again: {map}");
}

/// The store stays full until more space is freed than was used in the reserve.
#[test]
fn the_store_stays_full_until_enough_space_is_free() {
    let mut harness = small_store();
    let store = harness.open();
    let kept = fill_to_the_limit(&store, &harness);
    harness.commit(&store, vec![large_entry(kept + 1), large_entry(kept + 2)]);
    let complete = |number| {
        harness.commit(&store, vec![Operation::Complete { key: key(1, number, 0) }]);
        harness.commit(&store, vec![open_session(2)]);
        store.health()
    };
    assert!(matches!(complete(1), Health::Full(_)));
    let recovered = (2..=kept).find(|number| complete(*number) == Health::Working);
    assert!(recovered.is_some_and(|number| number < kept / 2), "{recovered:?} of {kept}");
}

#[test]
fn a_retried_batch_is_committed_when_its_entry_is_completed() {
    let mut harness = small_store();
    let store = harness.open();
    let retried = fill_reserve(&store, &harness);
    let commit = accepted(store.append(&mut vec![Operation::Complete { key: key(1, retried, 0) }]));
    harness.watch.wait_for_commit(commit);
    assert_eq!(content(&store).len(), 1 + 2 * (retried as usize - 1));
    assert_eq!(store.stats().retrying, 0);
}

#[test]
fn a_full_store_with_a_larger_limit_works_again() {
    let mut harness = small_store();
    let kept = harness.with_store(fill_to_the_limit);
    harness.config.size_max = 16 << 20;
    harness.with_store(|store, harness| {
        assert!(harness.commit(store, vec![large_entry(kept + 1)]) >= Commit(1));
        assert_eq!(store.health(), Health::Working);
    });
    assert_eq!(harness.reopened_content().len(), 3 + 2 * kept as usize);
}
