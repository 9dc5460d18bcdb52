//! Reads pages, and records which pages are used. Every page may be used only once.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::damage::{Damage, Flaw, VerifyError};
use super::format::Header;

/// The pages of one state of a file.
pub(super) struct Pages<'f> {
    file: &'f File,
    page_size: usize,
    last_page: u64,
    /// One bit per page, which is set if a tree uses the page or the page is listed as free.
    claimed: Vec<u64>,
}

impl<'f> Pages<'f> {
    /// Creates the record of pages, none of which is used yet. The caller must have checked that the file contains the
    /// last page.
    pub(super) fn new(file: &'f File, header: &Header) -> Result<Self, VerifyError> {
        let words = usize::try_from(header.last_page / WORD_BITS + 1).map_err(io::Error::other)?;
        let page_size = usize::try_from(header.page_size).map_err(io::Error::other)?;
        // The header of a file with holes can name any number of pages.
        let mut claimed = Vec::new();
        claimed.try_reserve_exact(words).map_err(io::Error::other)?;
        claimed.resize(words, 0);
        Ok(Self { file, page_size, last_page: header.last_page, claimed })
    }

    pub(super) fn page_size(&self) -> usize {
        self.page_size
    }

    /// Records that `count` pages from `first` on are used. If a page does not exist, returns the damage `range`. If a
    /// page is already used, returns the damage `twice`.
    pub(super) fn claim(&mut self, first: u64, count: u64, range: Flaw, twice: Flaw) -> Result<(), Damage> {
        let last = first.checked_add(count.saturating_sub(1)).filter(|last| *last <= self.last_page);
        let Some(last) = last.filter(|_| first >= HEADER_PAGES && count > 0) else {
            return Err(range.on(first));
        };
        for page in first..=last {
            let word = usize::try_from(page / WORD_BITS).ok().and_then(|at| self.claimed.get_mut(at));
            let Some(word) = word else { return Err(range.on(page)) };
            let bit = 1 << (page % WORD_BITS);
            if *word & bit != 0 {
                return Err(twice.on(page));
            }
            *word |= bit;
        }
        Ok(())
    }

    /// Reads a whole page into the buffer.
    pub(super) fn read(&self, page: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.resize(self.page_size, 0);
        self.read_at(page, 0, buffer)
    }

    /// Reads bytes that begin `offset` bytes after the beginning of a page. The pages that contain these bytes must be
    /// claimed.
    pub(super) fn read_at(&self, page: u64, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let page_size = u64::try_from(self.page_size).unwrap_or(u64::MAX);
        self.file.read_exact_at(buffer, page.saturating_mul(page_size).saturating_add(offset))
    }
}

/// Number of pages at the beginning of the file that contain the headers.
pub(super) const HEADER_PAGES: u64 = 2;
const WORD_BITS: u64 = 64;
