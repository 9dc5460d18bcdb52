//! The layout of LMDB's file format 1 on 64-bit machines, in native byte order, as `mdb.c` defines it: header pages and
//! the records of databases.

/// The fields of a header page (LMDB: meta page).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::disk) struct Header {
    /// The size of a page in bytes.
    pub(in crate::disk) page_size: u64,
    /// The database of free pages.
    pub(super) free: DatabaseRecord,
    /// The database that holds the records of all named databases.
    pub(super) main: DatabaseRecord,
    /// The number of the last page in use.
    pub(in crate::disk) last_page: u64,
    /// The number of the transaction that wrote the header.
    pub(in crate::disk) transaction: u64,
}

/// The record of one database (LMDB: `MDB_db`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DatabaseRecord {
    pub(super) flags: u16,
    /// Number of levels of the tree. The leaves are on the last level.
    pub(super) depth: u16,
    pub(super) counts: Counts,
    /// The number of the root page.
    pub(super) root: u64,
}

/// The numbers of pages and entries of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) branch_pages: u64,
    pub(super) leaf_pages: u64,
    pub(super) overflow_pages: u64,
    pub(super) entries: u64,
}

impl Header {
    /// Number of bytes of a header page that LMDB uses.
    pub(in crate::disk) const SIZE: usize = 152;

    /// Decodes the beginning of a header page. The error names the reason why the bytes are not a valid header.
    pub(in crate::disk) fn read(page: &[u8]) -> Result<Self, &'static str> {
        let short = "it is too short for a header";
        match (read_u32(page, MAGIC_OFFSET), read_u32(page, VERSION_OFFSET)) {
            (Some(MAGIC), Some(DATA_VERSION)) => {}
            (Some(MAGIC), _) => return Err("it has another version of the LMDB format"),
            _ => return Err("it has no header of LMDB"),
        }
        let page_size = u64::from(read_u32(page, FREE_OFFSET).ok_or(short)?);
        if !PAGE_SIZES.contains(&page_size) {
            return Err("its page size is not valid");
        }
        Self::read_fields(page, page_size).ok_or(short)
    }

    fn read_fields(page: &[u8], page_size: u64) -> Option<Self> {
        let database = |at: usize| DatabaseRecord::read(page.get(at..at + DatabaseRecord::SIZE)?);
        let (free, main) = (database(FREE_OFFSET)?, database(FREE_OFFSET + DatabaseRecord::SIZE)?);
        let (last_page, transaction) =
            (read_u64(page, LAST_PAGE_OFFSET)?, read_u64(page, TRANSACTION_OFFSET)?);
        Some(Self { page_size, free, main, last_page, transaction })
    }

    /// Returns the number of bytes from the beginning of the file to the end of the last page in use.
    pub(in crate::disk) fn used(&self) -> u64 {
        self.last_page.saturating_add(1).saturating_mul(self.page_size)
    }
}

impl DatabaseRecord {
    pub(super) const SIZE: usize = 48;

    /// Whether the database has no pages and no entries.
    pub(super) fn is_empty(&self) -> bool {
        self.root == NO_PAGE && self.depth == 0 && self.counts == Counts::default()
    }

    /// Decodes a record. Returns `None` if the length of `bytes` is wrong.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::SIZE {
            return None;
        }
        let counts = Counts {
            branch_pages: read_u64(bytes, 8)?,
            leaf_pages: read_u64(bytes, 16)?,
            overflow_pages: read_u64(bytes, 24)?,
            entries: read_u64(bytes, 32)?,
        };
        let (flags, depth) = (read_u16(bytes, 4)?, read_u16(bytes, 6)?);
        Some(Self { flags, depth, counts, root: read_u64(bytes, 40)? })
    }
}

pub(super) fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) const MAGIC_OFFSET: usize = 16;
const VERSION_OFFSET: usize = 20;
/// Offset of the record of the database of free pages. The first field of this record contains the page size. The
/// record of the main database follows.
pub(super) const FREE_OFFSET: usize = 40;
pub(super) const LAST_PAGE_OFFSET: usize = 136;
pub(super) const TRANSACTION_OFFSET: usize = 144;
pub(super) const MAGIC: u32 = 0xBEEF_C0DE;
const DATA_VERSION: u32 = 1;
/// The possible page sizes. LMDB uses the page size of the machine that creates the file, at most 32 KiB.
const PAGE_SIZES: [u64; 4] = [4096, 8192, 16_384, 32_768];

/// The page number in the root field of an empty database.
const NO_PAGE: u64 = u64::MAX;
/// Flags in the header of a page.
pub(super) const BRANCH: u16 = 1;
pub(super) const LEAF: u16 = 2;
pub(super) const OVERFLOW: u16 = 4;
pub(super) const HEADER: u16 = 8;
/// Flags of an entry: its value is on overflow pages, or its value is the record of a database.
pub(super) const ON_OVERFLOW_PAGES: u16 = 1;
pub(super) const DATABASE: u16 = 2;
/// Flags of the database of free pages: its keys are integers, or LMDB was opened with the path of a file instead of a
/// folder (which does not affect the format).
pub(super) const INTEGER_KEYS: u16 = 8;
pub(super) const PATH_IS_FILE: u16 = 0x4000;
