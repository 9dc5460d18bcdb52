//! Tests that damaged stores and snapshots are refused before LMDB uses them, and are left unchanged.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tidegate_persistence::{Durability, Flaw, OpenError, ReadError, ReadOnly, RestoreError, restore};

use crate::harness::Harness;
use crate::read_only::filled_store;
use crate::samples::open_session;

/// Overwrites bytes of a file at offset `at`.
fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    File::options().write(true).open(path).unwrap().write_all_at(bytes, at).unwrap();
}

fn read(path: &Path, at: u64) -> u64 {
    let mut bytes = [0; 8];
    File::open(path).unwrap().read_exact_at(&mut bytes, at).unwrap();
    u64::from_ne_bytes(bytes)
}

/// Returns the offset of the root page of the main database, according to the newer header.
fn main_root(path: &Path) -> u64 {
    let header = if read(path, 4096 + 144) > read(path, 144) { 4096 } else { 0 };
    read(path, header + 128) * 4096
}

fn copy_store(harness: &Harness) -> PathBuf {
    let target = harness.path().join("copy");
    ReadOnly::open(&harness.config.folder).unwrap().copy_to(&target).unwrap();
    target
}

#[test]
fn the_error_for_a_damaged_store_names_the_page() {
    let mut harness = filled_store();
    let root = main_root(&harness.data());
    overwrite(&harness.data(), root + 14, &[1, 0]);
    let before = fs::read(harness.data()).unwrap();
    for error in [
        harness.try_open().err().expect("it is refused"),
        match ReadOnly::open(&harness.config.folder) {
            Err(ReadError::Open(error)) => error,
            other => panic!("{:?}", other.err()),
        },
    ] {
        let OpenError::Damaged { path, damage } = &error else { panic!("{error}") };
        assert_eq!((path, damage.page, damage.flaw), (&harness.data(), root / 4096, Flaw::Bounds));
        assert!(error.to_string().ends_with("has impossible bounds; restore a snapshot"), "{error}");
    }
    assert_eq!(fs::read(harness.data()).unwrap(), before, "the file is as it was");
}

#[test]
fn every_change_of_a_snapshot_is_detected() {
    let harness = filled_store();
    let target = copy_store(&harness);
    let whole = fs::read(&target).unwrap();
    let length = u64::try_from(whole.len()).unwrap();
    assert!(ReadOnly::open_snapshot(&target).unwrap().has_checksum());
    let error = |bytes: &[u8]| {
        fs::write(&target, bytes).unwrap();
        let error = ReadOnly::open_snapshot(&target).err().expect("it is refused");
        assert!(error.to_string().ends_with("use another snapshot"), "{error}");
        error.to_string()
    };
    for at in (288..length).step_by(1001).chain([48, 200, 272, 287]) {
        let mut changed = whole.clone();
        changed[usize::try_from(at).unwrap()] ^= 1;
        assert!(error(&changed).contains("does not match its checksum"), "{at}");
    }
    let mut changed = whole.clone();
    changed[256] ^= 1;
    assert!(error(&changed).contains("its checksum is damaged"));
    assert!(error(&whole[..whole.len() - 1]).contains("needed"));
    assert!(error(&[&whole[..], &[0; 4096]].concat()).contains("longer than it was written"));
    assert!(error(&[]).contains("it is empty"));
    fs::write(&target, &whole).unwrap();
    assert_eq!(ReadOnly::open_snapshot(&target).unwrap().check().unwrap().records, 8);
}

#[test]
fn a_snapshot_without_a_checksum_is_restored_after_its_structure_is_verified() {
    let mut harness = filled_store();
    let target = copy_store(&harness);
    overwrite(&target, 256, &[0; 32]);
    assert!(!ReadOnly::open_snapshot(&target).unwrap().has_checksum());
    let mut fresh = Harness::new();
    assert!(!restore(&target, &fresh.config.folder, false).unwrap().has_checksum);
    assert_eq!(fresh.reopened_content(), harness.reopened_content());
    overwrite(&target, main_root(&target), &[9; 8]);
    let refused = restore(&target, &fresh.config.folder, true).unwrap_err();
    assert!(matches!(&refused, RestoreError::Snapshot(ReadError::DamagedSnapshot { .. })), "{refused}");
    assert!(refused.to_string().contains("has the number of another page"), "{refused}");
    assert_eq!(fresh.reopened_content(), harness.reopened_content());
}

/// The restore removes the checksum: the store changes, so the checksum of the snapshot would no longer match.
#[test]
fn using_a_snapshot_as_a_store_removes_its_checksum() {
    let mut harness = filled_store();
    let target = copy_store(&harness);
    let restored = Harness::new();
    assert!(restore(&target, &restored.config.folder, false).unwrap().has_checksum);
    assert!(!ReadOnly::open_snapshot(&restored.data()).unwrap().has_checksum());
    let mut copied = Harness::new();
    fs::create_dir_all(&copied.config.folder).unwrap();
    fs::copy(&target, copied.data()).unwrap();
    assert!(ReadOnly::open_snapshot(&copied.data()).unwrap().has_checksum());
    assert_eq!(copied.reopened_content(), harness.reopened_content());
    assert!(!ReadOnly::open_snapshot(&copied.data()).unwrap().has_checksum());
}

/// Creates the files of a store after a machine crash, with a sync point that was written at least twice.
fn crashed_store_with_sync_point() -> Harness {
    let mut harness = filled_store();
    harness.config.durability = Durability::Interval;
    harness.config.interval = Duration::from_millis(1);
    let image = Harness::new();
    fs::create_dir_all(&image.config.folder).unwrap();
    let store = harness.open();
    let sync_point = harness.config.folder.join("anchor");
    while fs::metadata(&sync_point).unwrap().len() < 4096 || read(&sync_point, 8) == 0 {
        harness.commit(&store, vec![open_session(9)]);
    }
    for name in ["data.mdb", "anchor"] {
        fs::copy(harness.config.folder.join(name), image.config.folder.join(name)).unwrap();
    }
    image
}

#[test]
fn a_damaged_sync_point_is_refused() {
    let mut harness = crashed_store_with_sync_point();
    let sync_point = harness.config.folder.join("anchor");
    let mut bytes = fs::read(&sync_point).unwrap();
    bytes.iter_mut().step_by(7).for_each(|byte| *byte ^= 1);
    fs::write(&sync_point, bytes).unwrap();
    let error = harness.try_open().err().expect("it is refused");
    assert!(matches!(&error, OpenError::DamagedSyncPoint(at) if *at == sync_point), "{error}");
    let error = ReadOnly::open(&harness.config.folder).err().expect("it is refused");
    assert!(matches!(error, ReadError::Open(OpenError::DamagedSyncPoint(_))), "{error}");
    fs::remove_file(sync_point).unwrap();
    assert_eq!(ReadOnly::open(&harness.config.folder).unwrap().check().unwrap().faults, [""; 0]);
}

#[test]
fn a_sync_point_is_restored_only_if_its_state_is_undamaged() {
    let mut harness = crashed_store_with_sync_point();
    let folder = harness.config.folder.clone();
    // Renaming the sync point simulates a failed sync, so that the store is returned to the sync point.
    fs::rename(folder.join("anchor"), folder.join("anchor.failed")).unwrap();
    let valid = fs::read(harness.data()).unwrap();
    let mut damaged = valid.clone();
    damaged.chunks_mut(4096).skip(2).for_each(|page| page[10] = 0xFF);
    fs::write(harness.data(), &damaged).unwrap();
    let error = harness.try_open().err().expect("it is refused");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert_eq!(fs::read(harness.data()).unwrap(), damaged, "the file is as it was");
    fs::write(harness.data(), &valid).unwrap();
    assert!(harness.reopened_content().len() > 1);
}

/// Opening such a store fails with the advice to restore a snapshot.
#[test]
fn a_snapshot_replaces_a_damaged_store_with_a_sync_point() {
    let source = filled_store();
    let snapshot = copy_store(&source);
    let damages: [fn(&Path); 2] = [
        |folder| {
            let sync_point = folder.join("anchor.failed");
            let mut bytes = fs::read(&sync_point).unwrap();
            bytes.iter_mut().step_by(7).for_each(|byte| *byte ^= 1);
            fs::write(sync_point, bytes).unwrap();
        },
        |folder| {
            let data = folder.join("data.mdb");
            let mut bytes = fs::read(&data).unwrap();
            bytes.chunks_mut(4096).skip(2).for_each(|page| page[10] = 0xFF);
            fs::write(data, bytes).unwrap();
        },
    ];
    for damage in damages {
        let mut harness = crashed_store_with_sync_point();
        let folder = harness.config.folder.clone();
        fs::rename(folder.join("anchor"), folder.join("anchor.failed")).unwrap();
        damage(&folder);
        assert!(harness.try_open().is_err(), "it is refused");
        let restored = restore(&snapshot, &folder, true).unwrap();
        assert!(restored.former.unwrap().exists() && folder.join("anchor.failed.former").exists());
        assert!(harness.reopened_content().len() > 1);
    }
}

#[test]
fn a_damaged_snapshot_that_was_copied_into_a_folder_is_refused_and_keeps_its_checksum() {
    let harness = filled_store();
    let mut copied = Harness::new();
    fs::create_dir_all(&copied.config.folder).unwrap();
    fs::copy(copy_store(&harness), copied.data()).unwrap();
    let length = fs::metadata(copied.data()).unwrap().len();
    overwrite(&copied.data(), length - 1, &[7]);
    let before = fs::read(copied.data()).unwrap();
    let error = copied.try_open().err().expect("it is refused");
    assert!(matches!(error, OpenError::DamagedSnapshot { .. }), "{error}");
    assert_eq!(fs::read(copied.data()).unwrap(), before, "the file is as it was");
}
