//! Tests of the scenarios around the store: `fill` writes the requested contents, another process can count the
//! commits, and `sync-probe` measures the disk.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidegate_benches::commits::CommitCounter;
use tidegate_benches::{fill, sync_probe};
use tidegate_persistence::{Commit, Config, Item, Observer, Store, SystemClocks, open};

struct IgnoreCommits;

impl Observer for IgnoreCommits {
    fn on_commit(&self, _: Commit) {}
}

/// A new folder that is removed when the value is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn store(&self) -> Arc<dyn Store> {
        open(&Config::new(self.0.join("store")), Arc::new(SystemClocks), Arc::new(IgnoreCommits)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_filled_store_has_the_requested_contents() {
    let folder = Folder::new("filled");
    let scenario = fill::Scenario { sessions: 30, queued: 4, retained: 50, payload_len: 100 };
    let report = fill::run(&folder.0, &scenario).unwrap();
    assert_eq!((report.sessions, report.queued, report.retained), (30, 120, 50));
    let mut found = [0; 5];
    let mut visit = |item: Item<'_>| match item {
        Item::Session(..) => found[0] += 1,
        Item::Subscription(..) => found[1] += 1,
        Item::Message(_, record) => {
            assert_eq!(record.payload.len(), 100);
            found[2] += 1;
        }
        Item::Entry(..) => found[3] += 1,
        Item::Retained { .. } => found[4] += 1,
        Item::Received(..) => {}
    };
    let store = folder.store();
    store.load(&mut |item, _| visit(item)).unwrap();
    assert_eq!(found, [30, 30, 120, 120, 50]);
    assert!(store.check().unwrap().is_clean());
}

#[test]
fn commit_counter_counts_the_commits_of_a_store_from_its_file() {
    let folder = Folder::new("commits");
    let store = folder.store();
    let commits = CommitCounter::open(&folder.0.join("store")).unwrap();
    let before = commits.count().unwrap();
    for session in 0..3 {
        let operation = tidegate_persistence::Operation::Receive {
            session: tidegate_persistence::SessionId(session),
            packet_id: tidegate_mqtt::PacketId::new(1).unwrap(),
        };
        let tidegate_persistence::Appended::Accepted(commit) = store.append(&mut vec![operation]) else {
            panic!("a new store accepts an operation")
        };
        while store.latest_commit() < commit {
            std::thread::yield_now();
        }
    }
    assert_eq!(commits.count().unwrap() - before, store.stats().commits);
    assert!(store.stats().commits > 0);
}

#[test]
fn sync_probe_measures_each_way_of_writing_and_removes_its_files() {
    let folder = Folder::new("probe");
    let scenario = sync_probe::Scenario { duration: Duration::from_millis(20), pages: 10 };
    let report = sync_probe::run(&folder.0, &scenario).unwrap();
    for part in [report.overwrite, report.hole, report.pair, report.hole_pair] {
        assert!(part.per_second > 0.0 && part.micros.is_some(), "{part:?}");
    }
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}
