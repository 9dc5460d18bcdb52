//! Where the parts of a data file are, as far as damaged bytes tell.

use crate::random::Random;

pub fn any_page(bytes: &[u8], random: &mut Random) -> usize {
    PAGE * random.below(bytes.len() / PAGE)
}

/// A page that looks like one of a tree; one in two is a branch, if there is one.
pub fn page_of_tree(bytes: &[u8], random: &mut Random) -> usize {
    let pages = || (2..bytes.len() / PAGE).map(|page| page * PAGE);
    let wanted = 1 + random.below(2);
    let found: Vec<_> = pages().filter(|page| usize::from(short(bytes, page + 10)) == wanted).collect();
    if found.is_empty() { any_page(bytes, random) } else { found[random.below(found.len())] }
}

/// Where a pointer to an entry is, and where the entry is.
pub fn entry(bytes: &[u8], page: usize, random: &mut Random) -> Option<(usize, usize)> {
    bytes.get(page..page.checked_add(PAGE)?)?;
    let count = (usize::from(short(bytes, page + 12)).saturating_sub(16) / 2).min(2000);
    let pointer = page + 16 + 2 * if count == 0 { return None } else { random.below(count) };
    let entry = page + usize::from(short(bytes, pointer));
    (entry + 100 < bytes.len()).then_some((pointer, entry))
}

pub fn newest_header(bytes: &[u8]) -> usize {
    if number(bytes, PAGE + 144) > number(bytes, 144) { PAGE } else { 0 }
}

pub fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

pub fn number(bytes: &[u8], at: usize) -> u64 {
    let bytes = at.checked_add(8).and_then(|end| bytes.get(at..end));
    bytes.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().expect("8 bytes")))
}

pub const PAGE: usize = 4096;
