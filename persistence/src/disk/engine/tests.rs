//! A lack of memory or space never leaves the sync point without its read transaction, and never makes a committed
//! change look as if it were lost.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidegate_limits::memory;
use tidegate_mqtt::{Message, MessageParts, QoS, topic};

use super::{Engine, Space};
use crate::change::ChangeSet;
use crate::clock::SystemClocks;
use crate::config::{Config, Durability};
use crate::disk::fault::Fault;
use crate::disk::open;
use crate::error::Reason;
use crate::operation::Operation;

struct Store {
    engine: Engine,
    _folder: TempDir,
}

impl Store {
    fn open(durability: Durability) -> Self {
        let folder = TempDir::new().unwrap();
        let config = Config {
            durability,
            interval: Duration::from_secs(3600),
            size_initial: SIZE,
            disk_reserve: 0,
            disk_reserve_max: 0,
            ..Config::new(folder.path())
        };
        let (engine, _) = open::open_engine(&config, Arc::new(SystemClocks)).unwrap();
        Self { engine, _folder: folder }
    }

    fn is_pinned(&self) -> bool {
        self.engine.interval_sync.as_ref().unwrap().1.is_pinned()
    }
}

/// Returns a change set of about `len` bytes of retained messages, each too small for a check of its memory.
fn change(len: usize) -> ChangeSet {
    let retain = |number| Operation::Retain {
        tenant: Arc::from("default"),
        message: Arc::new(Message::from_parts(&MessageParts {
            topic: &topic::Name::parse(&format!("t/{number}")).unwrap(),
            properties: &[],
            payload: &[0; PAYLOAD_LEN],
            qos: QoS::AtLeastOnce,
            retain: true,
            publisher: 1,
            expires_at: None,
        })),
        expires_at: None,
    };
    let mut change = ChangeSet::default();
    change.fold_operations(&mut (0..len / PAYLOAD_LEN).map(retain).collect());
    change
}

#[test]
fn a_map_that_finds_no_memory_to_grow_leaves_the_sync_point_its_read_transaction() {
    let mut store = Store::open(Durability::Interval);
    let limit = memory::simulate_limit(0);
    assert!(matches!(store.engine.resize(2 * SIZE), Err(Fault::NoMemory)));
    assert!(store.is_pinned());
    drop(limit);
    store.engine.resize(2 * SIZE).unwrap();
    assert!(store.is_pinned());
}

#[test]
fn a_sync_point_without_its_read_transaction_stops_the_store() {
    let mut store = Store::open(Durability::Interval);
    let map = Arc::clone(&store.engine.map);
    let (_, sync_point) = store.engine.interval_sync.as_mut().unwrap();
    let resized = sync_point.resize(&map, || Err(Fault::NoMemory));
    assert!(resized.is_err_and(|fault| !fault.is_out_of_space()), "the store would continue");
}

#[test]
fn a_commit_after_which_the_map_finds_no_memory_to_grow_is_a_commit() {
    for durability in [Durability::Always, Durability::Interval] {
        let mut store = Store::open(durability);
        let engine = &mut store.engine;
        // As after a commit in the reserve: the pages in use exceed the size of the map without the reserve.
        engine.resize(SIZE + SIZE / 2).unwrap();
        let _limit = memory::simulate_limit(0);
        let mut change = change(SIZE);
        assert!(matches!(engine.commit(&mut change, false), Ok(Space::Reserve)), "{durability:?}");
        assert!(change.is_empty());
        assert!(!engine.is_checkpointed());
    }
}

#[test]
fn a_checkpoint_without_memory_leaves_the_log_until_there_is_memory() {
    let mut store = Store::open(Durability::Always);
    let engine = &mut store.engine;
    engine.commit(&mut change(4 * PAYLOAD_LEN), false).unwrap();
    let limit = memory::simulate_limit(0);
    assert_eq!(engine.checkpoint().unwrap(), Space::Reserve);
    assert!(!engine.is_checkpointed());
    assert!(!engine.has_free_space().unwrap());
    assert_eq!(engine.full_reason(), Reason::NoMemory);
    // Even when the store is full, operations that it accepted before can be written to the log.
    let mut accepted = change(PAYLOAD_LEN);
    assert_eq!(engine.commit(&mut accepted, true).unwrap(), Space::Reserve);
    assert!(!engine.is_checkpointed());
    drop(limit);
    assert_eq!(engine.checkpoint().unwrap(), Space::Reserve, "memory is checked only after the checkpoint");
    assert!(engine.is_checkpointed());
    assert!(engine.has_free_space().unwrap());
}

#[test]
fn a_map_that_cannot_leave_the_reserve_keeps_it() {
    let mut store = Store::open(Durability::Interval);
    let (_, sync_point) = store.engine.interval_sync.as_mut().unwrap();
    sync_point.fill_disk();
    assert!(matches!(store.engine.resize(2 * SIZE), Err(Fault::NoSpace(_))));
    store.engine.leave_reserve().unwrap();
    assert!(store.is_pinned());
}

/// With interval durability, the pages that a commit frees are not reused before the next sync, so each time mark needs
/// new pages.
#[test]
fn a_time_mark_that_does_not_fit_makes_the_map_grow() {
    let mut store = Store::open(Durability::Interval);
    let engine = &mut store.engine;
    let size = engine.map.size();
    while engine.map.size() == size {
        assert!(engine.keep_time(true).unwrap(), "the mark was not written");
    }
}

const PAYLOAD_LEN: usize = 16 << 10;
/// Initial size of the map in bytes.
const SIZE: usize = 256 << 10;
