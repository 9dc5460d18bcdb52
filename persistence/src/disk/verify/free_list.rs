//! Verifies the lists of free pages. Each transaction that freed pages has one list. The lists are in a separate
//! database.

use super::damage::{Flaw, VerifyError};
use super::format::{ON_OVERFLOW_PAGES, read_u64};
use super::pages::Pages;
use super::tree::Leaf;

/// Checks the list in an entry, which contains the number of pages and then the page numbers in descending order.
/// Unused space may follow.
pub(super) fn verify(pages: &mut Pages<'_>, leaf: &Leaf<'_>, newest: u64) -> Result<(), VerifyError> {
    let count = read_page_count(pages, leaf, newest)?;
    let mut above = u64::MAX;
    let mut chunk = Vec::new();
    for first in (1..=count).step_by(CHUNK) {
        let len = (count - first + 1).min(CHUNK_LEN);
        read(pages, leaf, first, len, &mut chunk)?;
        for number in chunk.chunks_exact(size_of::<u64>()).filter_map(|bytes| read_u64(bytes, 0)) {
            if number >= above {
                return Err(Flaw::FreeOrder.on(leaf.page).into());
            }
            pages.claim(number, 1, Flaw::NotFree, Flaw::NotFree)?;
            above = number;
        }
    }
    Ok(())
}

/// Reads and checks the number of pages in the list.
fn read_page_count(pages: &Pages<'_>, leaf: &Leaf<'_>, newest: u64) -> Result<u64, VerifyError> {
    let transaction = read_u64(leaf.entry.key, 0).unwrap_or_default();
    let bytes = u64::from(leaf.entry.value_length);
    let has_count = bytes > 0 && bytes.is_multiple_of(NUMBER_SIZE);
    if has_count && (1..=newest).contains(&transaction) {
        let count = read_list_number(pages, leaf, 0)?;
        if count < bytes / NUMBER_SIZE {
            return Ok(count);
        }
    }
    Err(Flaw::FreeList.on(leaf.page).into())
}

/// Reads the number at this index of the value.
fn read_list_number(pages: &Pages<'_>, leaf: &Leaf<'_>, index: u64) -> Result<u64, VerifyError> {
    let mut bytes = Vec::new();
    read(pages, leaf, index, 1, &mut bytes)?;
    read_u64(&bytes, 0).ok_or_else(|| Flaw::FreeList.on(leaf.page).into())
}

/// Reads `len` numbers of the value, which must contain them.
fn read(
    pages: &Pages<'_>,
    leaf: &Leaf<'_>,
    first: u64,
    len: u64,
    into: &mut Vec<u8>,
) -> Result<(), VerifyError> {
    let (begin, size) = (first * NUMBER_SIZE, len * NUMBER_SIZE);
    let size = usize::try_from(size).unwrap_or_default();
    into.clear();
    if leaf.entry.flags == ON_OVERFLOW_PAGES {
        let page = leaf.entry.overflow_page().ok_or(Flaw::FreeList.on(leaf.page))?;
        into.resize(size, 0);
        pages.read_at(page, VALUE_OFFSET + begin, into)?;
    } else {
        let begin = usize::try_from(begin).unwrap_or(usize::MAX);
        let value = leaf.entry.value().get(begin..).and_then(|value| value.get(..size));
        into.extend_from_slice(value.ok_or(Flaw::FreeList.on(leaf.page))?);
    }
    Ok(())
}

/// Offset in bytes of a value on its first overflow page.
const VALUE_OFFSET: u64 = 16;
/// Number of bytes of a page number.
const NUMBER_SIZE: u64 = 8;
/// Number of page numbers that are read at a time.
const CHUNK: usize = 8192;
const CHUNK_LEN: u64 = 8192;
