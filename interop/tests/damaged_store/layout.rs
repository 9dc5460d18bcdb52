//! Finds the parts of an LMDB data file, which may already be damaged. All results are byte offsets in the file.

use fastrand::Rng;

pub fn any_page(bytes: &[u8], random: &mut Rng) -> usize {
    PAGE_SIZE * random.usize(..bytes.len() / PAGE_SIZE)
}

/// Returns the offset of a random tree page: with equal probability a branch or a leaf page, or any page if the file
/// has no page of that kind.
pub fn page_of_tree(bytes: &[u8], random: &mut Rng) -> usize {
    let pages = || (2..bytes.len() / PAGE_SIZE).map(|page| page * PAGE_SIZE);
    let wanted = 1 + random.usize(..2);
    let found: Vec<_> = pages().filter(|page| usize::from(read_u16(bytes, page + 10)) == wanted).collect();
    if found.is_empty() { any_page(bytes, random) } else { found[random.usize(..found.len())] }
}

/// Returns the offset of a random entry pointer in a page, and the offset of the entry that it points to.
pub fn entry(bytes: &[u8], page: usize, random: &mut Rng) -> Option<(usize, usize)> {
    bytes.get(page..page.checked_add(PAGE_SIZE)?)?;
    let count = (usize::from(read_u16(bytes, page + 12)).saturating_sub(16) / 2).min(2000);
    let pointer = page + 16 + 2 * if count == 0 { return None } else { random.usize(..count) };
    let entry = page + usize::from(read_u16(bytes, pointer));
    (entry + 100 < bytes.len()).then_some((pointer, entry))
}

/// Returns the offset of the root page of a tree, according to the newest header. `tree` is [`MAIN`] or [`FREE_LIST`].
pub fn root_page(bytes: &[u8], tree: usize) -> Option<usize> {
    let page = read_u64(bytes, newest_header(bytes) + tree + 40);
    usize::try_from(page).ok()?.checked_mul(PAGE_SIZE)
}

fn newest_header(bytes: &[u8]) -> usize {
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
/// Offset of the description of the main tree in a header, which has a record for each database.
pub const MAIN: usize = 88;
/// Offset of the description of the tree of free pages in a header.
pub const FREE_LIST: usize = 40;
