//! A store fails if its files are removed, renamed or replaced while it is open. It reports a commit only if the next
//! start will find it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tidegate_persistence::{CloseError, Durability, Health, Journal, Reason};

use crate::harness::{Harness, accepted};
use crate::samples::open_session;

/// Commits a session, appends another session, and calls `displace` with the folder of the store while the writer is
/// blocked. The store must fail without committing the second session.
fn assert_next_commit_fails(durability: Durability, displace: impl FnOnce(&Path), what: &str) {
    let mut harness = Harness::new();
    harness.config.durability = durability;
    harness.config.interval = Duration::from_secs(3600);
    let store = harness.open();
    harness.watch.hold_writer();
    let before = accepted(store.append(&mut vec![open_session(1)]));
    harness.watch.wait_until_held();
    let after = accepted(store.append(&mut vec![open_session(2)]));
    displace(&harness.config.folder);
    harness.watch.release_writer();
    assert!(!harness.watch.wait_for_commit_or_failure(after), "{what}: a lost change was committed");
    assert_eq!(store.latest_commit(), before, "{what}");
    let Health::Failed(reason) = store.health() else { panic!("{what}: {:?}", store.health()) };
    assert!(matches!(&reason, Reason::Displaced(text) if text.contains(what)), "{what}: {reason}");
    let mut later = vec![open_session(3)];
    assert_eq!(store.append(&mut later), tidegate_persistence::Appended::Refused, "{what}");
    assert_eq!(store.close(), Err(CloseError::NotCommitted(reason)), "{what}");
}

fn remove(folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
}

fn rename(folder: &Path) {
    fs::rename(folder, folder.with_file_name("elsewhere")).unwrap();
}

/// Replaces a file by a copy of it, as restoring a backup does.
fn replace(file: &Path) {
    let copy = file.with_extension("copy");
    fs::copy(file, &copy).unwrap();
    fs::rename(copy, file).unwrap();
}

#[test]
fn nothing_is_committed_after_the_folder_was_removed() {
    assert_next_commit_fails(Durability::Always, remove, "data.mdb was removed or renamed");
}

#[test]
fn nothing_is_committed_after_the_folder_was_renamed() {
    assert_next_commit_fails(Durability::Always, rename, "data.mdb was removed or renamed");
}

#[test]
fn nothing_is_committed_after_the_data_file_was_replaced() {
    let replace = |folder: &Path| replace(&folder.join("data.mdb"));
    assert_next_commit_fails(Durability::Always, replace, "data.mdb was replaced by another file");
}

/// Without this check, another process could create and lock a new lock file, and write to the same data file.
#[test]
fn nothing_is_committed_after_the_lock_file_was_removed() {
    let remove = |folder: &Path| fs::remove_file(folder.join("tidegate.lock")).unwrap();
    assert_next_commit_fails(Durability::Always, remove, "tidegate.lock was removed or renamed");
}

#[test]
fn with_interval_durability_nothing_is_committed_after_the_folder_was_removed() {
    assert_next_commit_fails(Durability::Interval, remove, "data.mdb was removed or renamed");
}

#[test]
fn an_idle_store_notices_that_its_folder_was_removed() {
    let mut harness = Harness::new();
    let store = harness.open();
    harness.commit(&store, vec![open_session(1)]);
    remove(&harness.config.folder);
    let health = harness.watch.wait_for_health(|health| *health != Health::Working);
    assert!(matches!(health, Health::Failed(Reason::Displaced(_))), "{health:?}");
}

/// The check must not mistake a path through a symbolic link for another file.
#[test]
fn a_store_behind_a_symbolic_link_is_not_reported_as_displaced() {
    let mut harness = Harness::new();
    let target = harness.path().join("target");
    fs::create_dir(&target).unwrap();
    std::os::unix::fs::symlink(&target, &harness.config.folder).unwrap();
    let store = harness.open();
    harness.commit(&store, vec![open_session(1)]);
    assert_eq!(store.health(), Health::Working);
}
