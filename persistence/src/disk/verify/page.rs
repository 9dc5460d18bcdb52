//! The layout of one page of a tree: its bounds and the offsets of its entries.

use super::damage::{Damage, Flaw};
use super::format::{
    BRANCH, DATABASE, DatabaseRecord, LEAF, ON_OVERFLOW_PAGES, read_u16, read_u32, read_u64,
};

/// A page of a tree.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    number: u64,
    bytes: &'a [u8],
}

/// An entry of a page (LMDB: a node).
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a [u8],
    /// In a leaf: the flags that determine the kind of the value.
    pub(super) flags: u16,
    /// In a leaf: the length of the value.
    pub(super) value_length: u32,
    /// The bytes of the page after the key.
    rest: &'a [u8],
}

impl<'a> Page<'a> {
    /// Checks the header of a page, and that its list of entries fits into the page.
    pub(super) fn new(number: u64, bytes: &'a [u8]) -> Result<Self, Damage> {
        let page = Self { number, bytes };
        if read_u64(bytes, 0) != Some(number) {
            return Err(Flaw::Number.on(number));
        }
        if page.flags() != BRANCH && page.flags() != LEAF {
            return Err(Flaw::Kind.on(number));
        }
        if !page.has_possible_bounds() {
            return Err(Flaw::Bounds.on(number));
        }
        if page.len() < if page.is_branch() { BRANCH_LEN_MIN } else { 1 } {
            return Err(Flaw::TooFewEntries.on(number));
        }
        Ok(page)
    }

    pub(super) fn is_branch(&self) -> bool {
        self.flags() == BRANCH
    }

    fn has_possible_bounds(&self) -> bool {
        let (lower, upper) = (self.lower(), self.upper());
        let is_even = lower.is_multiple_of(2) && upper.is_multiple_of(2);
        is_even && lower >= PAGE_HEADER_SIZE && (lower..=self.bytes.len()).contains(&upper)
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        (self.lower() - PAGE_HEADER_SIZE) / 2
    }

    /// Checks that all entries are within the page and do not overlap. `ranges` is a buffer for their byte ranges.
    pub(super) fn check_entries(&self, ranges: &mut Vec<(usize, usize)>) -> Result<(), Damage> {
        ranges.clear();
        for index in 0..self.len() {
            let entry = self.entry(index)?;
            self.check_key(index, entry.key)?;
            let size = self.size_of(&entry)?;
            let begin = self.offset(index)?;
            if begin + size > self.bytes.len() {
                return Err(Flaw::EntryOutside.on(self.number));
            }
            ranges.push((begin, begin + size));
        }
        ranges.sort_unstable();
        let overlaps = ranges.iter().zip(ranges.iter().skip(1)).any(|((_, end), (begin, _))| end > begin);
        if overlaps { Err(Flaw::EntriesOverlap.on(self.number)) } else { Ok(()) }
    }

    /// Reads the entry at an index below [`Page::len`].
    pub(super) fn entry(&self, index: usize) -> Result<Entry<'a>, Damage> {
        let outside = Flaw::EntryOutside.on(self.number);
        let entry = self.bytes.get(self.offset(index)?..).ok_or(outside)?;
        let (header, rest) = entry.split_first_chunk::<ENTRY_HEADER_SIZE>().ok_or(outside)?;
        let read = || Some((read_u32(header, 0)?, read_u16(header, 4)?, read_u16(header, 6)?));
        let (value_length, flags, key_length) = read().ok_or(outside)?;
        let (key, rest) = rest.split_at_checked(key_length.into()).ok_or(outside)?;
        Ok(Entry { key, flags, value_length, rest })
    }

    /// Checks the length of a key. The first key of a branch is not checked: its entry covers all keys below the
    /// second, so its own key has no meaning.
    fn check_key(&self, index: usize, key: &[u8]) -> Result<(), Damage> {
        let is_first_of_branch = self.is_branch() && index == 0;
        let is_valid = key.len() <= KEY_LENGTH_MAX && (is_first_of_branch || !key.is_empty());
        if is_valid { Ok(()) } else { Err(Flaw::KeyLength.on(self.number)) }
    }

    /// Returns the number of bytes of an entry in the page, rounded up to an even number.
    fn size_of(&self, entry: &Entry<'_>) -> Result<usize, Damage> {
        let head = ENTRY_HEADER_SIZE + entry.key.len();
        let size = match entry.flags {
            _ if self.is_branch() => head,
            ON_OVERFLOW_PAGES => head + PAGE_NUMBER_SIZE,
            0 | DATABASE => {
                let length = usize::try_from(entry.value_length).unwrap_or(usize::MAX);
                let size = head.saturating_add(length);
                if size > self.entry_size_max() {
                    return Err(Flaw::EntryTooLong.on(self.number));
                }
                size
            }
            _ => return Err(Flaw::EntryKind.on(self.number)),
        };
        Ok(size.next_multiple_of(2))
    }

    /// Returns the maximum size of an entry in bytes: two entries must fit into a page (LMDB: `me_nodemax`).
    fn entry_size_max(&self) -> usize {
        let half = (self.bytes.len() - PAGE_HEADER_SIZE) / 2;
        half - half % 2 - 2
    }

    fn offset(&self, index: usize) -> Result<usize, Damage> {
        let offset = self.u16_at(PAGE_HEADER_SIZE + 2 * index);
        let is_valid = offset >= self.upper() && offset.is_multiple_of(2);
        if is_valid { Ok(offset) } else { Err(Flaw::EntryOutside.on(self.number)) }
    }

    fn flags(&self) -> u16 {
        read_u16(self.bytes, 10).unwrap_or_default()
    }

    /// Returns the offset of the end of the list of entries.
    fn lower(&self) -> usize {
        self.u16_at(12)
    }

    /// Returns the offset of the first entry.
    fn upper(&self) -> usize {
        self.u16_at(14)
    }

    fn u16_at(&self, at: usize) -> usize {
        read_u16(self.bytes, at).unwrap_or_default().into()
    }
}

impl<'a> Entry<'a> {
    /// In a branch: returns the number of the page that the entry refers to, which has 48 bits.
    pub(super) fn child(&self) -> u64 {
        u64::from(self.value_length) | u64::from(self.flags) << 32
    }

    /// In a leaf: returns the first of the overflow pages that contain the value.
    pub(super) fn overflow_page(&self) -> Option<u64> {
        if self.flags == ON_OVERFLOW_PAGES { read_u64(self.rest, 0) } else { None }
    }

    /// In a leaf: returns the value, if it is not on overflow pages.
    pub(super) fn value(&self) -> &'a [u8] {
        usize::try_from(self.value_length).ok().and_then(|length| self.rest.get(..length)).unwrap_or_default()
    }

    /// In a leaf of the main database: returns the record of a database.
    pub(super) fn database(&self) -> Option<DatabaseRecord> {
        if self.flags == DATABASE { DatabaseRecord::read(self.value()) } else { None }
    }
}

/// Number of bytes of the header of a page.
pub(super) const PAGE_HEADER_SIZE: usize = 16;
const ENTRY_HEADER_SIZE: usize = 8;
const PAGE_NUMBER_SIZE: usize = 8;
const BRANCH_LEN_MIN: usize = 2;
/// The maximum length of a key in bytes.
const KEY_LENGTH_MAX: usize = 511;
