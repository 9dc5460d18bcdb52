//! The memory store commits immediately and keeps nothing.

use std::sync::Arc;

use tidegate_persistence::{
    Appended, Commit, Durability, Health, ReadError, SnapshotError, SystemClocks, open,
};

use crate::harness::{Harness, content};
use crate::samples::open_session;
use crate::watch::Watch;

#[test]
fn the_memory_store_commits_at_once_and_keeps_nothing() {
    let mut harness = Harness::new();
    harness.config.durability = Durability::Memory;
    let watch: Arc<Watch> = Arc::default();
    let store = open(&harness.config, Arc::new(SystemClocks), Arc::<Watch>::clone(&watch)).unwrap();
    for number in 1..4 {
        let mut operations = vec![open_session(number)];
        assert_eq!(store.append(&mut operations), Appended::Accepted(Commit(number)));
        assert!(operations.is_empty());
        assert_eq!((store.latest_commit(), watch.commit_calls()), (Commit(number), number as usize));
    }
    assert!(store.next_session() < store.next_session() && store.next_message() < store.next_message());
    assert_eq!(content(&*store), [""; 0]);
    assert_eq!((store.health(), store.stats().operations), (Health::Working, 3));
    assert!(matches!(
        store.snapshot(&harness.path().join("copy")),
        Err(ReadError::Snapshot(SnapshotError::NothingStored))
    ));
    assert!(!harness.config.folder.exists());
}
