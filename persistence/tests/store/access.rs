//! Only the user that runs the broker can access the files of a store.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::time::Duration;

use tidegate_persistence::{
    AccessError, Durability, Maintenance, OpenError, ReadOnly, check_access, create_private_folder, restore,
};

use crate::harness::Harness;
use crate::samples::open_session;

/// Returns the permissions of a folder and of everything in it, as lines of mode and name.
fn modes(folder: &Path) -> Vec<String> {
    let mode = |path: &Path, name: &str| {
        format!("{:03o} {name}", fs::metadata(path).unwrap().permissions().mode() & 0o777)
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut modes: Vec<_> =
        entries.map(|entry| mode(&entry.path(), &entry.file_name().to_string_lossy())).collect();
    modes.sort();
    modes.insert(0, mode(folder, "."));
    modes
}

#[test]
fn only_the_owner_can_use_a_new_store() {
    let mut harness = Harness::new();
    harness.config.durability = Durability::Interval;
    harness.config.interval = Duration::from_secs(1);
    harness.with_store(|store, harness| {
        harness.commit(store, vec![open_session(1)]);
        let expected = ["700 .", "600 anchor", "600 data.mdb", "600 lock.mdb", "600 tidegate.lock"];
        assert_eq!(modes(&harness.config.folder), expected);
    });
}

#[test]
fn only_the_owner_can_use_missing_folders_that_are_created() {
    let harness = Harness::new();
    let folder = harness.path().join("a/b");
    create_private_folder(&folder).unwrap();
    assert_eq!(modes(&folder), ["700 ."]);
    assert_eq!(modes(&harness.path().join("a")), ["700 .", "700 b"]);
}

#[test]
fn only_the_owner_can_read_snapshots_and_what_is_restored_from_them() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| harness.commit(store, vec![open_session(1)]));
    let folder = harness.path().join("snapshots");
    create_private_folder(&folder).unwrap();
    ReadOnly::open(&harness.config.folder).unwrap().copy_to(&folder.join("a")).unwrap();
    harness.with_store(|store, _| store.snapshot(&folder.join("b")).unwrap());
    assert_eq!(modes(&folder), ["700 .", "600 a", "600 b"]);
    let restored = harness.path().join("restored");
    restore(&folder.join("a"), &restored, false).unwrap();
    assert_eq!(modes(&restored), ["700 .", "600 data.mdb", "600 tidegate.lock"]);
}

/// The permissions may be intended, so the broker only logs a warning and does not change them.
#[test]
fn wider_permissions_of_existing_files_are_left_as_they_are() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| harness.commit(store, vec![open_session(1)]));
    for (name, mode) in [("", 0o755), ("tidegate.lock", 0o644), ("data.mdb", 0o640)] {
        fs::set_permissions(harness.config.folder.join(name), Permissions::from_mode(mode)).unwrap();
    }
    assert_eq!(harness.reopened_content().len(), 1);
    let expected = ["755 .", "600 lock.mdb", "640 data.mdb", "644 tidegate.lock"];
    assert_eq!(modes(&harness.config.folder), expected);
}

#[test]
fn a_folder_or_file_of_another_user_is_refused() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| harness.commit(store, vec![open_session(1)]));
    let user = fs::metadata(harness.path()).unwrap().uid();
    let other = user + 1;
    let folder = harness.config.folder.clone();
    for path in [folder.join("tidegate.lock"), folder.join("data.mdb"), folder] {
        if chown(&path, Some(other), None).is_err() {
            eprintln!("skipped: only root can give files to another user");
            return;
        }
        let error = harness.try_open().err().expect("it is refused");
        let OpenError::Access(AccessError::ForeignOwner { owner, user: own, .. }) = &error else {
            panic!("{error}")
        };
        assert_eq!((*owner, *own), (other, user));
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        chown(&path, Some(user), None).unwrap();
    }
    assert_eq!(harness.reopened_content().len(), 1);
}

#[test]
fn a_path_of_root_or_one_that_does_not_exist_is_accepted() {
    let harness = Harness::new();
    check_access(Path::new("/")).unwrap();
    check_access(&harness.path().join("missing")).unwrap();
}
