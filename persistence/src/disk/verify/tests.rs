//! Tests that a file written by LMDB passes the verification, and that each kind of damage has a separate error.

use std::collections::BTreeSet;
use std::fs;

use tempfile::TempDir;

use super::*;

mod headers;
mod image;
mod sample;

use image::{Image, Node};
use sample::valid;

fn verified(image: &Image) -> Result<(), VerifyError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.mdb");
    fs::write(&path, &image.bytes).unwrap();
    let file = File::open(&path).unwrap();
    let headers = Headers::read(&file)?;
    verify_state(&file, &headers, headers.newest())
}

/// Changes a valid file and returns the damage that the verification finds.
fn damage(valid: &Image, change: impl FnOnce(&mut Image)) -> Damage {
    let mut image = valid.clone();
    change(&mut image);
    match verified(&image) {
        Err(VerifyError::Damage(damage)) => damage,
        other => panic!("{other:?}"),
    }
}

/// Returns the kind of damage that each change to a valid file causes.
fn flaws(changes: &[&dyn Fn(&mut Image)]) -> Vec<Flaw> {
    let valid = valid();
    verified(&valid).unwrap();
    changes.iter().map(|change| damage(&valid, change).flaw).collect()
}

#[test]
fn a_valid_file_passes_and_is_large_enough_to_test() {
    let image = valid();
    verified(&image).unwrap();
    assert_eq!(image.record("tree").depth, 4);
    assert!(image.record("large").overflow > 0 && image.free_entry().length > 16);
}

#[test]
fn damaged_headers_are_reported() {
    let flaws = flaws(&[
        &|image| image.put_u16(10, 0),
        &|image| image.put_u64(4096, 0),
        &|image| image.put_u32(4096 + 40, 8192),
        &|image| image.put_u64(image.header() + 144, image.transaction() + 1),
        &|image| {
            image.put_u64(144, 1 << 62);
            image.put_u64(4096 + 144, 0);
        },
        &|image| image.put_u64(image.header() + 136, 1 << 40),
        &|image| image.put_u64(image.header() + 136, 0),
    ]);
    use Flaw::{HeadersDiffer, LastPage, NotHeader, Transaction};
    assert_eq!(flaws, [NotHeader, NotHeader, HeadersDiffer, Transaction, Transaction, LastPage, LastPage]);
}

#[test]
fn damaged_records_of_databases_are_reported() {
    let tree = |image: &Image| image.record("tree").at;
    let flaws = flaws(&[
        &|image| image.put_u16(image.header() + 40 + 4, 12),
        &|image| image.put_u16(image.header() + 88 + 4, 4),
        &|image| image.put_u16(tree(image) + 4, 4),
        &|image| image.put_u32(image.main_node("tree").at, 40),
        &|image| image.put_u16(image.main_node("tree").at + 4, 0),
        &|image| image.put_u16(tree(image) + 6, 0),
        &|image| image.put_u16(tree(image) + 6, 25),
        &|image| image.put_u64(image.record("empty").at + 32, 1),
        &|image| image.put_u16(tree(image) + 6, 3),
        &|image| image.put_u16(tree(image) + 6, 5),
        &|image| image.put_u64(tree(image) + 8, 1),
        &|image| image.put_u64(tree(image) + 16, 1),
        &|image| image.put_u64(image.record("large").at + 24, 1),
        &|image| image.put_u64(tree(image) + 32, 1),
        &|image| image.put_u64(tree(image) + 40, 1),
        &|image| image.put_u64(tree(image) + 40, image.record("large").root),
    ]);
    use Flaw::{Counts, DatabaseKind, DatabaseSize, EntryKind, Level, OutOfRange, UsedTwice};
    let kinds = [DatabaseKind, DatabaseKind, DatabaseKind, DatabaseKind, EntryKind];
    assert_eq!(flaws[..5], kinds);
    assert_eq!(flaws[5..10], [DatabaseSize, DatabaseSize, DatabaseSize, Level, Level]);
    assert_eq!(flaws[10..], [Counts, Counts, Counts, Counts, OutOfRange, UsedTwice]);
}

#[test]
fn damaged_pages_are_reported() {
    let root = |image: &Image| image.page(image.record("tree").root);
    let leaf = |image: &Image| image.page(image.first_leaf("tree"));
    let flaws = flaws(&[
        &|image| image.put_u64(leaf(image), 99),
        &|image| image.put_u16(leaf(image) + 10, 0x22),
        &|image| image.put_u16(root(image) + 10, 4),
        &|image| image.put_u16(leaf(image) + 12, 17),
        &|image| image.put_u16(leaf(image) + 12, 8),
        &|image| image.put_u16(leaf(image) + 14, 16),
        &|image| image.put_u16(leaf(image) + 14, 4098),
        &|image| image.put_u16(leaf(image) + 12, 16),
        &|image| image.put_u16(root(image) + 12, 18),
        &|image| image.put_u32(image.node(image.record("tree").root, 1).at, u32::MAX),
        &|image| image.put_u32(image.node(image.record("tree").root, 1).at, 0),
        &|image| {
            let first = image.node(image.record("tree").root, 0).child;
            image.put_u32(image.node(image.record("tree").root, 1).at, u32::try_from(first).unwrap());
        },
    ]);
    use Flaw::{Bounds, Kind, Number, OutOfRange, TooFewEntries, UsedTwice};
    assert_eq!(flaws[..7], [Number, Kind, Kind, Bounds, Bounds, Bounds, Bounds]);
    assert_eq!(flaws[7..], [TooFewEntries, TooFewEntries, OutOfRange, OutOfRange, UsedTwice]);
}

#[test]
fn damaged_entries_are_reported() {
    let leaf = |image: &Image| image.page(image.first_leaf("tree"));
    let node = |image: &Image, index: usize| -> Node { image.node(image.first_leaf("tree"), index) };
    let branch = |image: &Image| image.node(image.record("tree").root, 1);
    let flaws = flaws(&[
        &|image| image.put_u16(leaf(image) + 16, 4095),
        &|image| image.put_u16(leaf(image) + 16, 20),
        &|image| image.put_u16(leaf(image) + 16, 4094),
        &|image| image.put_u16(node(image, 0).at + 6, 5000),
        &|image| image.put_u16(leaf(image) + 18, u16::try_from(node(image, 0).at % 4096).unwrap()),
        &|image| image.put_u16(node(image, 0).at + 4, 4),
        &|image| image.put_u16(node(image, 0).at + 4, 2),
        &|image| image.put_u32(node(image, 0).at, 2000),
        &|image| image.put_u16(node(image, 0).at + 6, 0),
        &|image| image.put_u16(branch(image).at + 6, 0),
        &|image| image.put_u16(node(image, 4).at + 6, 512),
        &|image| image.put_u16(node(image, 0).at + 8, 0xFFFF),
        &|image| image.put_u16(branch(image).at + 10, 0),
        &|image| image.put_u16(branch(image).at + 8, 0xFFFF),
    ]);
    use Flaw::{EntriesOverlap, EntryKind, EntryOutside, EntryTooLong, KeyLength, KeyOrder};
    assert_eq!(flaws[..4], [EntryOutside; 4]);
    assert_eq!(flaws[4..8], [EntriesOverlap, EntryKind, EntryKind, EntryTooLong]);
    assert_eq!(flaws[8..11], [KeyLength; 3]);
    assert_eq!(flaws[11..], [KeyOrder; 3]);
}

#[test]
fn damaged_overflow_pages_are_reported() {
    let node = |image: &Image| image.node(image.first_leaf("large"), 0);
    let first = |image: &Image| image.page(node(image).overflow);
    let other = |image: &Image| image.node(image.first_leaf("large"), 1).overflow;
    let flaws = flaws(&[
        &|image| image.put_u32(node(image).at, 3 * 4096 - 15),
        &|image| image.put_u64(first(image), 77),
        &|image| image.put_u16(first(image) + 10, 2),
        &|image| image.put_u32(first(image) + 12, 0),
        &|image| image.put_u32(first(image) + 12, 1),
        &|image| image.put_u32(first(image) + 12, u32::MAX),
        &|image| image.put_u64(node(image).value, 1 << 50),
        &|image| image.put_u64(node(image).value, other(image)),
    ]);
    use Flaw::{Bounds, Kind, Number, OutOfRange, UsedTwice, ValueTooLong};
    assert_eq!(flaws[..5], [ValueTooLong, Number, Kind, Bounds, ValueTooLong]);
    assert_eq!(flaws[5..], [OutOfRange, OutOfRange, UsedTwice]);
}

#[test]
fn damaged_lists_of_free_pages_are_reported() {
    let value = |image: &Image| image.free_entry().value;
    let flaws = flaws(&[
        &|image| image.put_u64(image.first_free_entry().at + 8, 0),
        &|image| image.put_u64(image.free_entry().at + 8, u64::MAX),
        &|image| image.put_u16(image.free_entry().at + 6, 6),
        &|image| image.put_u32(image.free_entry().at, 4),
        &|image| image.put_u64(value(image), 1 << 40),
        &|image| image.put_u64(value(image) + 16, u64::MAX),
        &|image| image.put_u64(value(image) + 8, 1 << 40),
        &|image| {
            let last = value(image) + 8 * usize::try_from(image.u64_at(value(image))).unwrap();
            image.put_u64(last, 1);
        },
        &|image| image.put_u64(value(image) + 8, image.transaction().max(image.record("tree").root)),
    ]);
    use Flaw::{FreeList, FreeOrder, KeyOrder, NotFree};
    assert_eq!(flaws[..5], [FreeList, FreeList, KeyOrder, FreeList, FreeList]);
    assert_eq!(flaws[5..8], [FreeOrder, NotFree, NotFree]);
    assert!(matches!(flaws[8], NotFree | FreeOrder), "{flaws:?}");
}

#[test]
fn the_error_text_names_the_page() {
    let valid = valid();
    let leaf = valid.first_leaf("tree");
    let damage = damage(&valid, |image| image.put_u16(image.page(leaf) + 12, 17));
    assert_eq!((damage.page, damage.to_string()), (leaf, format!("page {leaf} has impossible bounds")));
}

/// Changes single bytes of a valid file. The verification must not panic, whether it detects the change or not.
#[test]
fn arbitrary_changes_never_panic() {
    let valid = valid();
    let mut seed = 1_u64;
    let mut found_flaws = BTreeSet::new();
    for _ in 0..300 {
        let mut image = valid.clone();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let page = usize::try_from(seed >> 33).unwrap() % (image.bytes.len() / 4096);
            let at = usize::try_from(seed >> 20).unwrap() % 64;
            image.bytes[page * 4096 + at] = seed.to_be_bytes()[0];
        }
        if let Err(VerifyError::Damage(damage)) = verified(&image) {
            found_flaws.insert(format!("{:?}", damage.flaw));
        }
    }
    assert!(found_flaws.len() > 5, "{found_flaws:?}");
}
