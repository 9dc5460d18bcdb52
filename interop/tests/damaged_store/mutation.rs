//! Changes the bytes of a data file at random, mostly in the data structures of LMDB.

use fastrand::Rng;

use crate::layout::{
    FREE_LIST, MAIN, PAGE_SIZE, any_page, entry, page_of_tree, read_u16, read_u64, root_page,
};

/// Makes one to three random changes to a file. Returns a description of the changes.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Rng) -> String {
    let count = 1 + random.usize(..8) / 6 + random.usize(..8) / 7;
    let kinds = (0..count).map(|_| mutate_once(bytes, random));
    kinds.collect::<Vec<_>>().join(" and ")
}

fn mutate_once(bytes: &mut Vec<u8>, random: &mut Rng) -> String {
    if bytes.len() < 3 * PAGE_SIZE {
        return change_sync_point(bytes, random);
    }
    let weight = random.usize(..KINDS.iter().map(|(weight, _)| weight).sum::<usize>());
    let mut ends = KINDS.iter().scan(0, |end, (weight, kind)| {
        *end += weight;
        Some((*end, kind))
    });
    let (_, kind) = ends.find(|(end, _)| weight < *end).expect("a weight below the sum");
    kind(bytes, random)
}

/// Makes one kind of change to a file and returns its description.
type Kind = fn(&mut Vec<u8>, &mut Rng) -> String;

/// The kinds of changes, each with its relative frequency.
const KINDS: [(usize, Kind); 11] = [
    (1, |bytes, random| flip_bits(bytes, random)),
    (1, |bytes, random| replace_page(bytes, random)),
    (1, |bytes, random| tear_page(bytes, random)),
    (2, |bytes, random| change_header(bytes, random)),
    (2, |bytes, random| change_page_header(bytes, random)),
    (3, |bytes, random| change_entry(bytes, random)),
    (2, |bytes, random| change_record_of_database(bytes, random)),
    (1, |bytes, random| change_free_list(bytes, random)),
    (1, change_length),
    (1, |bytes, random| change_value(bytes, random)),
    (1, |bytes, random| swap_entries(bytes, random)),
];

/// Changes the file of a sync point. Each of its two pages begins with a record of some hundred bytes.
fn change_sync_point(bytes: &mut Vec<u8>, random: &mut Rng) -> String {
    let kind = random.usize(..4);
    let record = PAGE_SIZE * random.usize(..2);
    let end = bytes.len().min(record + RECORD_SIZE_MAX);
    match bytes.get_mut(record..end) {
        Some(record) if !record.is_empty() && kind < 3 => match kind {
            0 => record.fill(0),
            1 => record.fill(0xFF),
            _ => record[random.usize(..record.len())] ^= 1 << random.usize(..8),
        },
        _ => bytes.truncate(random.usize(..=bytes.len())),
    }
    format!("sync point at {record} changed ({kind})")
}

fn flip_bits(bytes: &mut [u8], random: &mut Rng) -> String {
    let count = 1 + random.usize(..8);
    for _ in 0..count {
        let at = random.usize(..bytes.len());
        bytes[at] ^= 1 << random.usize(..8);
    }
    format!("{count} bits flipped")
}

fn replace_page(bytes: &mut [u8], random: &mut Rng) -> String {
    let (page, kind) = (any_page(bytes, random), random.usize(..4));
    let source = any_page(bytes, random);
    for offset in 0..PAGE_SIZE {
        bytes[page + offset] = match kind {
            0 => 0,
            1 => 0xFF,
            2 => random.u8(..),
            _ => bytes[source + offset],
        };
    }
    format!("page {} replaced ({kind})", page / PAGE_SIZE)
}

fn tear_page(bytes: &mut [u8], random: &mut Rng) -> String {
    let (page, source) = (any_page(bytes, random), any_page(bytes, random));
    let half = 512 * (1 + random.usize(..7));
    bytes.copy_within(source + half..source + PAGE_SIZE, page + half);
    format!("page {} torn at {half}", page / PAGE_SIZE)
}

/// Changes a field of one of the two meta pages at the beginning of the file.
fn change_header(bytes: &mut [u8], random: &mut Rng) -> String {
    let page = PAGE_SIZE * random.usize(..2);
    let at = page + [0, 8, 16, 20, 24, 32, 40, 44, 46, 88, 92, 94, 136, 144][random.usize(..14)];
    let at = if random.usize(..3) == 0 { page + 48 + 8 * random.usize(..11) } else { at };
    put_number(bytes, at, random);
    format!("header at {at}")
}

fn change_page_header(bytes: &mut [u8], random: &mut Rng) -> String {
    let page = page_of_tree(bytes, random);
    let at = page + 2 * random.usize(..8);
    put_number(bytes, at, random);
    format!("page header at {at}")
}

fn change_entry(bytes: &mut [u8], random: &mut Rng) -> String {
    let page = page_of_tree(bytes, random);
    let Some((pointer, entry)) = entry(bytes, page, random) else { return "no entry".to_owned() };
    let at = match random.usize(..5) {
        0 => pointer,
        1..=3 => entry + 2 * random.usize(..4),
        _ => entry + 8 + random.usize(..12),
    };
    put_number(bytes, at, random);
    format!("entry at {at}")
}

fn change_record_of_database(bytes: &mut [u8], random: &mut Rng) -> String {
    let entry = root_page(bytes, MAIN).and_then(|root| entry(bytes, root, random));
    let Some((_, entry)) = entry else { return "no record".to_owned() };
    let value = entry + 8 + usize::from(read_u16(bytes, entry + 6));
    let at = value + [0, 4, 6, 8, 16, 24, 32, 40][random.usize(..8)];
    put_number(bytes, at, random);
    format!("record of a database at {at}")
}

fn change_free_list(bytes: &mut [u8], random: &mut Rng) -> String {
    let entry = root_page(bytes, FREE_LIST).and_then(|root| entry(bytes, root, random));
    let Some((_, entry)) = entry else { return "no free list".to_owned() };
    let at = entry + 8 * random.usize(..10);
    put_number(bytes, at, random);
    format!("free list at {at}")
}

fn change_length(bytes: &mut Vec<u8>, random: &mut Rng) -> String {
    let length = match random.usize(..5) {
        0 => random.usize(..bytes.len()),
        1 => PAGE_SIZE * random.usize(..bytes.len() / PAGE_SIZE),
        2 => bytes.len() - 1 - random.usize(..600),
        3 => bytes.len() + 1 + random.usize(..9000),
        _ => random.usize(..9000),
    };
    bytes.resize(length, random.u8(..));
    format!("length {length}")
}

/// Changes bytes of a value, which follows the header and the key of its entry. The data structures stay valid.
fn change_value(bytes: &mut [u8], random: &mut Rng) -> String {
    let page = page_of_tree(bytes, random);
    let Some((_, entry)) = entry(bytes, page, random) else { return "no entry".to_owned() };
    let value = entry + 8 + usize::from(read_u16(bytes, entry + 6));
    let length = usize::from(read_u16(bytes, entry)).max(1);
    for _ in 0..=random.usize(..4) {
        let at = value + random.usize(..length);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.u8(..);
        }
    }
    format!("value at {value}")
}

fn swap_entries(bytes: &mut [u8], random: &mut Rng) -> String {
    let page = page_of_tree(bytes, random);
    let pointers = [entry(bytes, page, random), entry(bytes, page, random)];
    if let [Some((first, _)), Some((second, _))] = pointers {
        bytes.swap(first, second);
        bytes.swap(first + 1, second + 1);
    }
    format!("entries of page {} swapped", page / PAGE_SIZE)
}

fn put_number(bytes: &mut [u8], at: usize, random: &mut Rng) {
    let size = [1, 2, 4, 8][random.usize(..4)];
    let new = replacement(read_u64(bytes, at), random).to_le_bytes();
    for (byte, new) in bytes.iter_mut().skip(at).zip(&new[..size]) {
        *byte = *new;
    }
}

/// Returns a number to replace `was`, chosen to reveal missing checks: an extreme value, one close to `was`, a power of
/// two, or a small random number.
fn replacement(was: u64, random: &mut Rng) -> u64 {
    match random.u8(..6) {
        0 => 0,
        1 => u64::MAX,
        2 => was.wrapping_add(random.u64(1..=3)),
        3 => was.wrapping_sub(random.u64(1..=3)),
        4 => 1 << random.u8(..64),
        _ => random.u64(..2000),
    }
}

/// An upper bound of the size of a record of the sync point, in bytes.
const RECORD_SIZE_MAX: usize = 512;
