//! Finds the parts of an LMDB data file, which may already be damaged. All results are byte offsets in the file.

use crate::random::Random;

pub fn any_page(bytes: &[u8], random: &mut Random) -> usize {
    PAGE_SIZE * random.below(bytes.len() / PAGE_SIZE)
}

/// Returns the offset of a random tree page: with equal probability a branch or a leaf page, or any page if the file
/// has no page of that kind.
pub fn page_of_tree(bytes: &[u8], random: &mut Random) -> usize {
    let pages = || (2..bytes.len() / PAGE_SIZE).map(|page| page * PAGE_SIZE);
    let wanted = 1 + random.below(2);
    let found: Vec<_> = pages().filter(|page| usize::from(read_u16(bytes, page + 10)) == wanted).collect();
    if found.is_empty() { any_page(bytes, random) } else { found[random.below(found.len())] }
}

/// Returns the offset of a random entry pointer in a page, and the offset of the entry that it points to.
pub fn entry(bytes: &[u8], page: usize, random: &mut Random) -> Option<(usize, usize)> {
    bytes.get(page..page.checked_add(PAGE_SIZE)?)?;
    let count = (usize::from(read_u16(bytes, page + 12)).saturating_sub(16) / 2).min(2000);
    let pointer = page + 16 + 2 * if count == 0 { return None } else { random.below(count) };
    let entry = page + usize::from(read_u16(bytes, pointer));
    (entry + 100 < bytes.len()).then_some((pointer, entry))
}

pub fn newest_header(bytes: &[u8]) -> usize {
    if read_u64(bytes, PAGE_SIZE + 144) > read_u64(bytes, 144) { PAGE_SIZE } else { 0 }
}

pub fn read_u16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

pub fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let bytes = at.checked_add(8).and_then(|end| bytes.get(at..end));
    bytes.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().expect("8 bytes")))
}

pub const PAGE_SIZE: usize = 4096;
