//! Verifies the structure of a data file before LMDB maps it. LMDB trusts its files: a damaged page number, length or
//! offset makes it read or write outside of its map, which ends the process with a signal. A file that passes this
//! verification contains no such number, length or offset. The verification checks that:
//!
//! - The header pages are valid, and the newer one is on the page where LMDB expects it.
//! - Every page of a tree exists, is used once, has its own number and the right type, and its entries are within its
//!   bounds.
//! - The keys of each tree rise, all leaves are on the last level, and the recorded sizes are right. Nothing in LMDB
//!   that searches, splits, merges or copies pages can then fail one of its assertions.
//! - Free pages exist, are listed once, and no tree uses them. A new page can then never overwrite a page in use.
//! - The features of LMDB that Tidegate does not use (several values per key, other orders of keys) do not occur.
//!
//! The file is read, never mapped. Values are not verified here: records are validated when they are read.

use std::fs::File;
use std::path::Path;

use super::file::{MetaPages, read_meta_pages};
use crate::error::OpenError;

mod damage;
mod format;
mod free_list;
mod order;
mod page;
mod pages;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use damage::VerifyError;
pub use damage::{Damage, Flaw};
pub(super) use format::Header;

use format::{DATABASE, HEADER, INTEGER_KEYS, ON_OVERFLOW_PAGES, PATH_IS_FILE, read_u16, read_u64};
use order::KeyType;
use pages::Pages;
use tree::Tree;

/// The two header pages of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headers([Header; 2]);

/// Verifies the newest state of a file that no process changes.
pub(super) fn verify(path: &Path) -> Result<(), OpenError> {
    let verify = || {
        let file = File::open(path)?;
        let headers = Headers::read(&file)?;
        verify_state(&file, &headers, headers.newest())
    };
    verify().map_err(|error| into_open_error(path, error))
}

/// Verifies the state after the transaction `state`. No process may reuse the pages of this state during the
/// verification.
pub(super) fn verify_state(file: &File, headers: &Headers, state: u64) -> Result<(), VerifyError> {
    let (page, header) = headers.after_transaction(state)?;
    check_header(page, header, file.metadata()?.len())?;
    let Header { free, main, transaction, .. } = header;
    let mut pages = Pages::new(file, header)?;
    let mut databases = Vec::new();
    Tree::new(&mut pages, *main, KeyType::Bytes, &[DATABASE]).verify(page, &mut |_, leaf| {
        let record = leaf.entry.database().filter(|record| record.flags == 0);
        databases.push((leaf.page, record.ok_or(Flaw::DatabaseKind.on(leaf.page))?));
        Ok(())
    })?;
    for (page, record) in databases {
        Tree::new(&mut pages, record, KeyType::Bytes, &ALLOWED_ENTRY_FLAGS)
            .verify(page, &mut |_, _| Ok(()))?;
    }
    Tree::new(&mut pages, *free, KeyType::Numbers, &ALLOWED_ENTRY_FLAGS)
        .verify(page, &mut |pages, leaf| free_list::verify(pages, leaf, *transaction))
}

/// Checks the fields of a header, and its two main databases, against the length of the file.
fn check_header(page: u64, header: &Header, length: u64) -> Result<(), Damage> {
    if header.last_page < 1 || length < header.used() {
        return Err(Flaw::LastPage.on(page));
    }
    if header.main.flags != 0 || header.free.flags & !PATH_IS_FILE != INTEGER_KEYS {
        return Err(Flaw::DatabaseKind.on(page));
    }
    Ok(())
}

/// Converts the error of a verification to the error of opening the file.
pub(super) fn into_open_error(path: &Path, error: VerifyError) -> OpenError {
    match error {
        VerifyError::Io(source) => OpenError::Io { path: path.to_owned(), source },
        VerifyError::Damage(damage) => OpenError::Damaged { path: path.to_owned(), damage },
    }
}

impl Headers {
    /// Reads both header pages.
    pub(super) fn read(file: &File) -> Result<Self, VerifyError> {
        let MetaPages { first, second, .. } = read_meta_pages(file)?;
        Self::parse(&first, &second)
    }

    /// Reads the headers of a file to which another process may commit. The newest state can be newer than the state of
    /// a read transaction that is opened at the same time: LMDB lets readers use a state only when its header is on the
    /// disk. Returns `None` if the headers changed during the read.
    ///
    /// LMDB overwrites the header of a state when it commits the second state after that state. If two reads find the
    /// same headers, the newest header is complete, and the commit that overwrites it has not begun.
    pub(super) fn read_newest(file: &File) -> Result<Option<Self>, VerifyError> {
        let pages = read_meta_pages(file)?;
        if read_meta_pages(file)? != pages {
            return Ok(None);
        }
        Self::parse(&pages.first, &pages.second).map(Some)
    }

    /// Reads the beginnings of both header pages.
    pub(super) fn parse(first: &[u8], second: &[u8]) -> Result<Self, VerifyError> {
        let read = |number: u64, bytes: &[u8]| {
            if read_u16(bytes, 10) != Some(HEADER) || read_u64(bytes, 0) != Some(number) {
                return Err(Flaw::NotHeader.on(number));
            }
            Header::read(bytes).map_err(|_| Flaw::NotHeader.on(number))
        };
        let headers = [read(0, first)?, read(1, second)?];
        let [first, second] = &headers;
        if first.page_size != second.page_size {
            return Err(Flaw::HeadersDiffer.on(1).into());
        }
        Ok(Self(headers))
    }

    /// Returns the number of the newest transaction, chosen as LMDB chooses it when it opens the file.
    pub(super) fn newest(&self) -> u64 {
        let [first, second] = self.0;
        first.transaction.max(second.transaction)
    }

    /// Returns the header with the state after this transaction, and the number of its page. LMDB expects this header
    /// on the first page if the number of the transaction is even, otherwise on the second. LMDB does not use the other
    /// header, which the next commit overwrites.
    fn after_transaction(&self, transaction: u64) -> Result<(u64, &Header), Damage> {
        let [first, second] = &self.0;
        let (page, header) = if transaction.is_multiple_of(2) { (0, first) } else { (1, second) };
        let is_valid = header.transaction == transaction && transaction < TRANSACTION_MAX;
        if is_valid { Ok((page, header)) } else { Err(Flaw::Transaction.on(page)) }
    }
}

/// The entry flags that are allowed in all databases except the main one.
const ALLOWED_ENTRY_FLAGS: [u16; 2] = [0, ON_OVERFLOW_PAGES];
/// The highest transaction number that is accepted. A store with a million commits per second reaches it after 100,000
/// years.
const TRANSACTION_MAX: u64 = 1 << 62;
