//! Tests that files that this version cannot open as a store are refused with a specific error and left unchanged.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use tidegate_persistence::{Directory, Journal, Maintenance, OpenError, ReadOnly};

use crate::harness::Harness;
use crate::samples::{enqueue, key, message, open_session};

/// Creates a folder with a store that has about a hundred records.
fn filled_store() -> Harness {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| {
        let entries = (1..50).map(|number| enqueue(key(1, number, 0), &message("t", &vec![1; 10_000])));
        harness.commit(store, std::iter::once(open_session(1)).chain(entries).collect());
        harness.commit(store, vec![open_session(2)]);
    });
    harness
}

fn error(harness: &mut Harness) -> OpenError {
    let before = fs::read(harness.data()).unwrap_or_default();
    let error = harness.try_open().err().expect("it is refused");
    assert_eq!(fs::read(harness.data()).unwrap_or_default(), before, "the file is as it was");
    assert!(!error.to_string().is_empty());
    error
}

#[test]
fn a_store_in_use_cannot_be_opened_again() {
    let mut harness = filled_store();
    let store = harness.open();
    let folder = harness.config.folder.clone();
    assert!(matches!(error(&mut harness), OpenError::InUse(at) if at == folder));
    drop(store);
    harness.open();
}

#[test]
fn a_truncated_file_is_refused() {
    let mut harness = filled_store();
    let whole = fs::metadata(harness.data()).unwrap().len();
    let used = harness.with_store(|store, _| store.stats().file_bytes);
    let cut =
        |length: u64| File::options().write(true).open(harness.data()).unwrap().set_len(length).unwrap();
    assert!(used < whole, "the file has a hole behind the pages in use");
    cut(used);
    assert_eq!(harness.reopened_content().len(), 100, "nothing was lost yet");
    for length in [used - 1, 3 * 4096, 8192, 8191, 4096] {
        let cut =
            |length: u64| File::options().write(true).open(harness.data()).unwrap().set_len(length).unwrap();
        cut(length);
        assert!(
            matches!(error(&mut harness), OpenError::Truncated { found, .. } if found == length),
            "{length}"
        );
    }
    File::options().write(true).open(harness.data()).unwrap().set_len(100).unwrap();
    assert!(matches!(error(&mut harness), OpenError::NotAStore(..)));
}

#[test]
fn a_file_that_is_not_a_store_is_refused() {
    let mut harness = Harness::new();
    fs::create_dir_all(&harness.config.folder).unwrap();
    for content in [&b"x"[..], &[0; 4096], &[7; 100_000]] {
        fs::write(harness.data(), content).unwrap();
        assert!(matches!(error(&mut harness), OpenError::NotAStore(..)));
    }
}

#[test]
fn another_lmdb_format_version_is_refused() {
    let mut harness = filled_store();
    let file = File::options().write(true).open(harness.data()).unwrap();
    for page in [0, 4096] {
        file.write_all_at(&9_u32.to_ne_bytes(), page + 20).unwrap();
    }
    assert!(matches!(error(&mut harness), OpenError::NotAStore(..)));
}

/// Replaces all occurrences of the bytes `from` in the file with `to`.
fn patch(file: &Path, from: &[u8], to: &[u8]) {
    let mut bytes = fs::read(file).unwrap();
    let mut count = 0;
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            count += 1;
        }
    }
    assert!(count > 0);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let mut harness = filled_store();
    patch(&harness.data(), b"schema\x03\0\0\0", b"schema\x04\0\0\0");
    let error = error(&mut harness);
    assert!(matches!(error, OpenError::NewerSchema { found: 4, known: 3 }), "{error}");
    patch(&harness.data(), b"schema\x04\0\0\0", b"schema\0\0\0\0");
    assert!(matches!(harness.try_open(), Err(OpenError::Corrupt(_))));
    patch(&harness.data(), b"schema\0\0\0\0", b"schema\x03\0\0\0");
    harness.open();
}

#[test]
fn a_corrupt_record_is_reported_with_its_table_and_key() {
    let mut harness = filled_store();
    patch(&harness.data(), b"client-2", b"client\xfe2");
    let store = harness.open();
    let error = store.load(&mut |_, _| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the record 0000000000000002 in sessions is not valid: not a valid archive"
    );
    assert_eq!(store.check().unwrap().faults, [error.to_string()]);
}

#[test]
fn a_path_that_cannot_be_used_is_reported() {
    let mut harness = Harness::new();
    let file = harness.path().join("file");
    fs::write(&file, "").unwrap();
    harness.config.folder = file.clone();
    assert!(matches!(harness.try_open(), Err(OpenError::Io { path, .. }) if path == file));
    harness.config.folder = file.with_file_name("store");
    fs::create_dir_all(harness.data()).unwrap();
    assert!(matches!(harness.try_open(), Err(OpenError::Io { path, .. }) if path == harness.data()));
}

#[test]
fn an_unreadable_file_is_reported() {
    let mut harness = filled_store();
    fs::set_permissions(harness.data(), fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(harness.data()).is_ok() {
        return; // The superuser can read every file.
    }
    let error = harness.try_open().err().expect("it is refused");
    assert!(matches!(error, OpenError::Io { path, .. } if path == harness.data()));
}

#[test]
fn files_of_an_interrupted_start_are_removed() {
    let mut harness = Harness::new();
    fs::create_dir_all(harness.config.folder.join("new")).unwrap();
    fs::write(harness.config.folder.join("new/data.mdb"), "half").unwrap();
    fs::write(harness.config.folder.join("anchor"), "half").unwrap();
    harness.with_store(|store, harness| harness.commit(store, vec![open_session(1)]));
    assert!(!harness.config.folder.join("new").exists() && !harness.config.folder.join("anchor").exists());
    assert_eq!(harness.reopened_content().len(), 1);
}

#[test]
fn an_initial_size_above_the_limit_is_refused() {
    let mut harness = Harness::new();
    harness.config.size_initial = harness.config.size_max + 1;
    assert!(matches!(harness.try_open(), Err(OpenError::Config(_))));
}

#[test]
fn an_empty_file_is_not_opened_as_a_new_store() {
    let mut harness = Harness::new();
    fs::create_dir_all(&harness.config.folder).unwrap();
    fs::write(harness.data(), "").unwrap();
    assert!(matches!(error(&mut harness), OpenError::Empty(at) if at == harness.data()));
    fs::remove_file(harness.data()).unwrap();
    assert_eq!(harness.reopened_content(), [""; 0]);
}

/// The store must not open a pipe, because opening would wait until a process writes to the pipe.
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused() {
    for name in ["data.mdb", "tidegate.lock", "anchor", "anchor.failed"] {
        let mut harness = filled_store();
        let path = harness.config.folder.join(name);
        let _ = fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = harness.try_open().err().expect("it is refused");
        assert!(matches!(&error, OpenError::Io { path: at, .. } if *at == path), "{error}");
        assert!(error.to_string().contains("not a regular file"), "{error}");
        assert!(ReadOnly::open_snapshot(&harness.data()).is_err() || name.starts_with("anchor"), "{name}");
        assert!(ReadOnly::open(&harness.config.folder).is_err() || name == "tidegate.lock", "{name}");
    }
}
