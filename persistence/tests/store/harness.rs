//! A temporary folder with a store that tests open and reopen.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tidegate_persistence::{Appended, Commit, Config, Disk, OpenError, Operation, Store};

use crate::watch::Watch;

/// A temporary folder, and the configuration of the store in it.
pub struct Harness {
    folder: TempDir,
    pub config: Config,
    pub watch: Arc<Watch>,
}

impl Harness {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = Config::new(folder.path().join("store"));
        config.size_initial = 1 << 20;
        config.size_max = 256 << 20;
        Self { folder, config, watch: Arc::default() }
    }

    /// Opens the store with a new observer.
    pub fn open(&mut self) -> Disk {
        self.try_open().unwrap()
    }

    pub fn try_open(&mut self) -> Result<Disk, OpenError> {
        self.watch = Arc::default();
        let watch: Arc<Watch> = Arc::clone(&self.watch);
        Disk::open(&self.config, watch)
    }

    /// Opens the store, calls `test`, and closes the store.
    pub fn with_store<T>(&mut self, test: impl FnOnce(&Disk, &Self) -> T) -> T {
        let store = self.open();
        test(&store, self)
    }

    /// Appends the operations and waits for their commit.
    pub fn commit(&self, store: &dyn Store, mut operations: Vec<Operation>) -> Commit {
        let (Appended::Accepted(commit) | Appended::Slow(commit)) = store.append(&mut operations) else {
            panic!("the store refused")
        };
        assert!(operations.is_empty());
        self.watch.wait_for_commit(commit);
        assert!(store.latest_commit() >= commit);
        commit
    }

    /// Commits operations like [`Self::commit`], and makes a checkpoint, so that readers in other processes see the
    /// records.
    pub fn commit_to_tables(&self, store: &dyn Store, operations: Vec<Operation>) {
        self.commit(store, operations);
        store.load(&mut |_, _| {}).unwrap();
    }

    /// Opens the store, reads all records and closes it.
    pub fn reopened_content(&mut self) -> Vec<String> {
        self.with_store(|store, _| content(store))
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.config.folder.join("data.mdb")
    }
}

/// Returns all records of the store, one line per record. Also runs a check, and compares the number of records.
pub fn content(store: &dyn Store) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last = 0;
    store
        .load(&mut |item, progress| {
            last += 1;
            assert_eq!(progress.done, last);
            assert!(progress.done <= progress.total);
            lines.push(format!("{item:?}"));
        })
        .unwrap();
    let findings = store.check().unwrap();
    assert_eq!(findings.records, last);
    lines
}

/// Returns the commit of operations that the store has accepted. Panics if the store has refused the operations.
pub fn accepted(appended: Appended) -> Commit {
    match appended {
        Appended::Accepted(commit) => commit,
        other => panic!("{other:?}"),
    }
}
