//! The lists of free pages: one per transaction that freed some, in a database of their own.

use super::damage::{Flaw, VerifyError};
use super::format::{ON_OVERFLOW_PAGES, read_u64};
use super::pages::Pages;
use super::tree::Leaf;

/// Checks the list in an entry: the number of pages, and the pages in descending order. Space may be left behind them.
pub(super) fn verify(pages: &mut Pages<'_>, leaf: &Leaf<'_>, newest: u64) -> Result<(), VerifyError> {
    let count = count(pages, leaf, newest)?;
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

/// The number of pages in the list.
fn count(pages: &Pages<'_>, leaf: &Leaf<'_>, newest: u64) -> Result<u64, VerifyError> {
    let transaction = read_u64(leaf.entry.key, 0).unwrap_or_default();
    let bytes = u64::from(leaf.entry.value_length);
    let has_count = bytes > 0 && bytes.is_multiple_of(NUMBER);
    if has_count && (1..=newest).contains(&transaction) {
        let count = number(pages, leaf, 0)?;
        if count < bytes / NUMBER {
            return Ok(count);
        }
    }
    Err(Flaw::FreeList.on(leaf.page).into())
}

/// The number at that index of the value.
fn number(pages: &Pages<'_>, leaf: &Leaf<'_>, index: u64) -> Result<u64, VerifyError> {
    let mut bytes = Vec::new();
    read(pages, leaf, index, 1, &mut bytes)?;
    read_u64(&bytes, 0).ok_or_else(|| Flaw::FreeList.on(leaf.page).into())
}

/// Reads `len` numbers of the value, which has them.
fn read(
    pages: &Pages<'_>,
    leaf: &Leaf<'_>,
    first: u64,
    len: u64,
    into: &mut Vec<u8>,
) -> Result<(), VerifyError> {
    let (begin, size) = (first * NUMBER, len * NUMBER);
    let size = usize::try_from(size).unwrap_or_default();
    into.clear();
    if leaf.entry.flags == ON_OVERFLOW_PAGES {
        let page = leaf.entry.overflow_page().ok_or(Flaw::FreeList.on(leaf.page))?;
        into.resize(size, 0);
        pages.read_at(page, VALUE_AT + begin, into)?;
    } else {
        let begin = usize::try_from(begin).unwrap_or(usize::MAX);
        let value = leaf.entry.value().get(begin..).and_then(|value| value.get(..size));
        into.extend_from_slice(value.ok_or(Flaw::FreeList.on(leaf.page))?);
    }
    Ok(())
}

/// Where a value begins on its first overflow page, in bytes.
const VALUE_AT: u64 = 16;
/// Bytes of a page number.
const NUMBER: u64 = 8;
/// Numbers that are read at a time.
const CHUNK: usize = 8192;
const CHUNK_LEN: u64 = 8192;
