//! Tests that disk space for the files of a store is reserved before they are mapped, so that a full disk cannot end
//! the process. `interop/tests/full_disk` tests the behaviour of the broker on a full disk.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tidegate_persistence::{Durability, Journal, ReadOnly, create_private_folder};

use crate::fixtures::fixture;
use crate::harness::Harness;
use crate::samples::{enqueue, key, message, open_session};

fn assert_has_no_holes(file: &Path) {
    let metadata = fs::metadata(file).unwrap();
    let (length, allocated) = (metadata.len(), metadata.blocks() * 512);
    assert!(allocated >= length, "{}: {allocated} of {length} bytes are on the disk", file.display());
}

/// Returns the length of the data file.
fn length(harness: &Harness) -> u64 {
    fs::metadata(harness.data()).unwrap().len()
}

#[test]
fn a_new_store_has_the_space_of_its_map_and_a_reserve() {
    let mut harness = Harness::new();
    harness.config.durability = Durability::Interval;
    harness.config.interval = Duration::from_secs(1);
    harness.config.disk_reserve = 4 << 20;
    let store = harness.open();
    assert_eq!((store.stats().map_bytes, length(&harness)), (1 << 20, 5 << 20));
    for name in ["data.mdb", "lock.mdb", "anchor"] {
        assert_has_no_holes(&harness.config.folder.join(name));
    }
}

#[test]
fn a_store_that_grows_keeps_its_reserve() {
    let mut harness = Harness::new();
    (harness.config.disk_reserve, harness.config.disk_reserve_max) = (4 << 20, 4 << 20);
    let store = harness.open();
    harness.commit(&store, vec![open_session(1)]);
    for number in 1..=100 {
        harness.commit(&store, vec![enqueue(key(1, number, 0), &message("t", &vec![7; 100_000]))]);
        assert_has_no_holes(&harness.data());
    }
    let map = store.stats().map_bytes;
    assert!(map > 10_000_000, "{map}");
    assert_eq!(length(&harness), map + (4 << 20));
}

#[test]
fn the_reserve_grows_under_load_and_stays_after_a_restart() {
    let mut harness = Harness::new();
    (harness.config.disk_reserve, harness.config.disk_reserve_max) = (1 << 20, 4 << 20);
    let store = harness.open();
    harness.commit(&store, vec![open_session(1)]);
    assert_eq!(length(&harness) - store.stats().map_bytes, 1 << 20);
    // The entries together are larger than the maximum size of the log, which is a quarter of the reserve.
    for number in 1..=4 {
        harness.commit(
            &store,
            vec![enqueue(
                key(1, number, 0),
                &message("t", &vec![7; 300_000 * usize::try_from(number).unwrap()]),
            )],
        );
    }
    assert_eq!(length(&harness) - store.stats().map_bytes, 4 << 20);
    assert_has_no_holes(&harness.data());
    drop(store);
    let before = length(&harness);
    for _ in 0..3 {
        let store = harness.open();
        assert!(length(&harness) - store.stats().map_bytes > 3 << 20, "less than the reserve had grown to");
        drop(store);
    }
    assert_eq!(length(&harness), before, "a restart takes no more space");
}

/// Earlier versions left holes in the file, and `cp --sparse=always` creates holes in a copy.
#[test]
fn the_holes_of_an_existing_file_are_filled() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| harness.commit(store, vec![open_session(1)]));
    let used = harness.with_store(|store, _| store.stats().file_bytes);
    let file = File::options().write(true).open(harness.data()).unwrap();
    file.set_len(used).and_then(|()| file.set_len(64 << 20)).unwrap();
    assert_eq!(harness.reopened_content().len(), 1);
    assert_has_no_holes(&harness.data());
    assert_eq!(length(&harness), 64 << 20);
}

#[test]
fn a_reader_creates_the_reader_table_with_its_space() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| harness.commit(store, vec![open_session(1)]));
    let table = harness.config.folder.join("lock.mdb");
    fs::remove_file(&table).unwrap();
    assert_eq!(ReadOnly::open(&harness.config.folder).unwrap().contents().unwrap().sessions, 1);
    assert_has_no_holes(&table);
}

/// The log of this store is not empty. To apply the log to the snapshot, the copy is opened as a store, which reserves
/// space in the file.
#[test]
fn a_snapshot_has_no_reserve() {
    let harness = Harness::new();
    create_private_folder(&harness.config.folder).unwrap();
    fs::copy(fixture("schema-2"), harness.data()).unwrap();
    let file = harness.path().join("snapshot");
    ReadOnly::open(&harness.config.folder).unwrap().copy_to(&file).unwrap();
    let length = fs::metadata(&file).unwrap().len();
    assert!(length <= 256 << 10, "{length}");
}
