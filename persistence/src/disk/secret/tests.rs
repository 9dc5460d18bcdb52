#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::{FILE_NAME, NEW_FILE_NAME, load_or_store_secret};

#[test]
fn a_secret_is_created_once_for_its_owner_only() {
    let folder = TempDir::new().unwrap();
    assert_eq!(load_or_store_secret(folder.path(), [1; 32]), [1; 32]);
    assert_eq!(load_or_store_secret(folder.path(), [2; 32]), [1; 32]);
    let path = folder.path().join(FILE_NAME);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join(NEW_FILE_NAME).exists());
}

#[test]
fn a_damaged_file_is_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(FILE_NAME);
    let _ = load_or_store_secret(folder.path(), [1; 32]);
    let whole = fs::read(&path).unwrap();
    let mut damaged = vec![Vec::new(), whole[..55].to_vec(), [&whole[..], b"x"].concat(), vec![7; 100_000]];
    damaged.extend((0..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    }));
    for (number, bytes) in (2..).zip(damaged) {
        fs::write(&path, bytes).unwrap();
        assert_eq!(load_or_store_secret(folder.path(), [number; 32]), [number; 32]);
        assert_eq!(load_or_store_secret(folder.path(), [1; 32]), [number; 32], "the new secret is stored");
    }
}

#[test]
fn a_new_file_left_by_a_crash_is_replaced() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(NEW_FILE_NAME), "tgse").unwrap();
    assert_eq!(load_or_store_secret(folder.path(), [1; 32]), [1; 32]);
    assert_eq!(load_or_store_secret(folder.path(), [2; 32]), [1; 32]);
}

#[test]
fn without_a_usable_file_the_fresh_secret_is_returned() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
    assert_eq!(load_or_store_secret(folder.path(), [1; 32]), [1; 32]);
    assert!(folder.path().join(FILE_NAME).is_dir(), "it is left as it was");
    assert_eq!(load_or_store_secret(&folder.path().join("missing"), [2; 32]), [2; 32]);
}
