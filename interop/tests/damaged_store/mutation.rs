//! Changes the bytes of a data file at random, mostly in the data structures of LMDB.

use crate::layout::{PAGE_SIZE, any_page, entry, newest_header, page_of_tree, read_u16, read_u64};
use crate::random::Random;

/// Makes one to three random changes to a file. Returns a description of the changes.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    let count = 1 + random.below(8) / 6 + random.below(8) / 7;
    let kinds = (0..count).map(|_| mutate_once(bytes, random));
    kinds.collect::<Vec<_>>().join(" and ")
}

fn mutate_once(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    if bytes.len() < 3 * PAGE_SIZE {
        return "nothing".to_owned();
    }
    let weight = random.below(KINDS.iter().map(|(weight, _)| weight).sum());
    let mut ends = KINDS.iter().scan(0, |end, (weight, kind)| {
        *end += weight;
        Some((*end, kind))
    });
    let (_, kind) = ends.find(|(end, _)| weight < *end).expect("a weight below the sum");
    kind(bytes, random)
}

/// Makes one kind of change to a file and returns its description.
type Kind = fn(&mut Vec<u8>, &mut Random) -> String;

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

fn flip_bits(bytes: &mut [u8], random: &mut Random) -> String {
    let count = 1 + random.below(8);
    for _ in 0..count {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
    format!("{count} bits flipped")
}

fn replace_page(bytes: &mut [u8], random: &mut Random) -> String {
    let (page, kind) = (any_page(bytes, random), random.below(4));
    let source = any_page(bytes, random);
    for offset in 0..PAGE_SIZE {
        bytes[page + offset] = match kind {
            0 => 0,
            1 => 0xFF,
            2 => random.byte(),
            _ => bytes[source + offset],
        };
    }
    format!("page {} replaced ({kind})", page / PAGE_SIZE)
}

fn tear_page(bytes: &mut [u8], random: &mut Random) -> String {
    let (page, source) = (any_page(bytes, random), any_page(bytes, random));
    let half = 512 * (1 + random.below(7));
    bytes.copy_within(source + half..source + PAGE_SIZE, page + half);
    format!("page {} torn at {half}", page / PAGE_SIZE)
}

/// Changes a field of one of the two meta pages at the beginning of the file.
fn change_header(bytes: &mut [u8], random: &mut Random) -> String {
    let page = PAGE_SIZE * random.below(2);
    let at = page + [0, 8, 16, 20, 24, 32, 40, 44, 46, 88, 92, 94, 136, 144][random.below(14)];
    let at = if random.below(3) == 0 { page + 48 + 8 * random.below(11) } else { at };
    put_number(bytes, at, random);
    format!("header at {at}")
}

fn change_page_header(bytes: &mut [u8], random: &mut Random) -> String {
    let page = page_of_tree(bytes, random);
    let at = page + 2 * random.below(8);
    put_number(bytes, at, random);
    format!("page header at {at}")
}

fn change_entry(bytes: &mut [u8], random: &mut Random) -> String {
    let page = page_of_tree(bytes, random);
    let Some((pointer, entry)) = entry(bytes, page, random) else { return "no entry".to_owned() };
    let at = match random.below(5) {
        0 => pointer,
        1..=3 => entry + 2 * random.below(4),
        _ => entry + 8 + random.below(12),
    };
    put_number(bytes, at, random);
    format!("entry at {at}")
}

fn change_record_of_database(bytes: &mut [u8], random: &mut Random) -> String {
    let at = read_u64(bytes, newest_header(bytes) + 88 + 40);
    let Some(root) = usize::try_from(at).ok().and_then(|page| page.checked_mul(PAGE_SIZE)) else {
        return "no root".to_owned();
    };
    let Some((_, entry)) = entry(bytes, root, random) else { return "no record".to_owned() };
    let value = entry + 8 + usize::from(read_u16(bytes, entry + 6));
    let at = value + [0, 4, 6, 8, 16, 24, 32, 40][random.below(8)];
    put_number(bytes, at, random);
    format!("record of a database at {at}")
}

fn change_free_list(bytes: &mut [u8], random: &mut Random) -> String {
    let at = read_u64(bytes, newest_header(bytes) + 40 + 40);
    let Some(root) = usize::try_from(at).ok().and_then(|page| page.checked_mul(PAGE_SIZE)) else {
        return "no free list".to_owned();
    };
    let Some((_, entry)) = entry(bytes, root, random) else { return "no free list".to_owned() };
    let at = entry + 8 * random.below(10);
    put_number(bytes, at, random);
    format!("free list at {at}")
}

fn change_length(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    let length = match random.below(5) {
        0 => random.below(bytes.len()),
        1 => PAGE_SIZE * random.below(bytes.len() / PAGE_SIZE),
        2 => bytes.len() - 1 - random.below(600),
        3 => bytes.len() + 1 + random.below(9000),
        _ => random.below(9000),
    };
    bytes.resize(length, random.byte());
    format!("length {length}")
}

/// Changes bytes of a value, which follows the header and the key of its entry. The data structures stay valid.
fn change_value(bytes: &mut [u8], random: &mut Random) -> String {
    let page = page_of_tree(bytes, random);
    let Some((_, entry)) = entry(bytes, page, random) else { return "no entry".to_owned() };
    let value = entry + 8 + usize::from(read_u16(bytes, entry + 6));
    let length = usize::from(read_u16(bytes, entry)).max(1);
    for _ in 0..=random.below(4) {
        let at = value + random.below(length);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.byte();
        }
    }
    format!("value at {value}")
}

fn swap_entries(bytes: &mut [u8], random: &mut Random) -> String {
    let page = page_of_tree(bytes, random);
    let pointers = [entry(bytes, page, random), entry(bytes, page, random)];
    if let [Some((first, _)), Some((second, _))] = pointers {
        bytes.swap(first, second);
        bytes.swap(first + 1, second + 1);
    }
    format!("entries of page {} swapped", page / PAGE_SIZE)
}

fn put_number(bytes: &mut [u8], at: usize, random: &mut Random) {
    let size = [1, 2, 4, 8][random.below(4)];
    let new = random.number(read_u64(bytes, at)).to_le_bytes();
    for (byte, new) in bytes.iter_mut().skip(at).zip(&new[..size]) {
        *byte = *new;
    }
}
