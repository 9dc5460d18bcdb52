//! The store in memory: committed at once, nothing kept.

use std::sync::Arc;

use tidegate_persistence::{Appended, Commit, Durability, Health, SnapshotError, open};

use crate::samples::open_session;
use crate::watch::Watch;
use crate::world::{World, content};

#[test]
fn everything_is_committed_at_once_and_nothing_is_kept() {
    let mut world = World::new();
    world.config.durability = Durability::Memory;
    let watch: Arc<Watch> = Arc::default();
    let store = open(&world.config, Arc::<Watch>::clone(&watch)).unwrap();
    for number in 1..4 {
        let mut operations = vec![open_session(number)];
        assert_eq!(store.append(&mut operations), Appended::Accepted(Commit(number)));
        assert!(operations.is_empty());
        assert_eq!((store.committed(), watch.calls()), (Commit(number), number as usize));
    }
    assert!(store.next_session() < store.next_session() && store.next_message() < store.next_message());
    assert_eq!(content(&*store), [""; 0]);
    assert_eq!((store.health(), store.stats().operations), (Health::Working, 3));
    assert!(matches!(store.snapshot(&world.path().join("copy")), Err(SnapshotError::NothingStored)));
    assert!(!world.config.folder.exists());
}
