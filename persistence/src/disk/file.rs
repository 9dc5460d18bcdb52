//! Examines the data file before LMDB opens it: checks that it is an LMDB file and that its end is not missing.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::OpenError;

/// The fields of a meta page that are used here. The layout of a meta page is that of LMDB on 64-bit machines, in
/// native byte order.
#[derive(Clone, Copy, Debug)]
struct Meta {
    page_size: u64,
    last_page: u64,
    transaction: u64,
}

/// The sizes found by examining a data file, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Examined {
    /// The length of the file.
    pub(super) length: u64,
    /// The size of the file up to the last page of the newest transaction.
    pub(super) used: u64,
}

/// Reads the header of the data file and compares the length of the file with the last page of the newest
/// transaction. Returns `None` when there is no file or it is empty.
pub(super) fn examine(path: &Path) -> Result<Option<Examined>, OpenError> {
    match File::open(path) {
        Ok(file) => examine_open(path, &file),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::Io { path: path.to_owned(), source }),
    }
}

fn examine_open(path: &Path, file: &File) -> Result<Option<Examined>, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let length = file.metadata().map_err(io)?.len();
    if length == 0 {
        return Ok(None);
    }
    let head = read_at(file, 0).map_err(io)?;
    let first = Meta::read(&head).map_err(|fault| not_a_store(path, fault))?;
    if length < 2 * first.page_size {
        return Err(truncated(path, length, 2 * first.page_size));
    }
    let head = read_at(file, first.page_size).map_err(io)?;
    let second = Meta::read(&head).map_err(|fault| not_a_store(path, fault))?;
    let newest = if second.transaction > first.transaction { second } else { first };
    let used = newest.last_page.saturating_add(1).saturating_mul(newest.page_size);
    if length < used { Err(truncated(path, length, used)) } else { Ok(Some(Examined { length, used })) }
}

/// Reads the beginning of the page at `offset`. Returns zeros if the file is shorter.
fn read_at(file: &File, offset: u64) -> io::Result<[u8; MetaPages::SIZE]> {
    let mut head = [0; MetaPages::SIZE];
    match file.read_exact_at(&mut head, offset) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok([0; MetaPages::SIZE]),
        result => result.map(|()| head),
    }
}

/// The beginnings of the two meta pages. LMDB never writes the rest of these pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MetaPages {
    pub(super) page_size: u64,
    pub(super) first: [u8; Self::SIZE],
    pub(super) second: [u8; Self::SIZE],
}

impl MetaPages {
    pub(super) const SIZE: usize = 152;
}

/// Reads the meta pages of an LMDB file.
pub(super) fn read_meta_pages(file: &File) -> io::Result<MetaPages> {
    let (mut first, mut second) = ([0; MetaPages::SIZE], [0; MetaPages::SIZE]);
    file.read_exact_at(&mut first, 0)?;
    let page_size = Meta::read(&first).map_err(io::Error::other)?.page_size;
    file.read_exact_at(&mut second, page_size)?;
    Ok(MetaPages { page_size, first, second })
}

/// Writes meta pages back to the file.
pub(super) fn write_meta_pages(file: &File, meta_pages: &MetaPages) -> io::Result<()> {
    file.write_all_at(&meta_pages.first, 0)?;
    file.write_all_at(&meta_pages.second, meta_pages.page_size)
}

/// Extends the file to at least `length` bytes. The added part is a hole.
pub(super) fn extend(file: &File, length: usize) -> io::Result<()> {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    if file.metadata()?.len() < length { file.set_len(length) } else { Ok(()) }
}

impl Meta {
    fn read(page: &[u8]) -> Result<Self, &'static str> {
        let short = "it is too short for a header";
        match (read_u32(page, MAGIC_AT), read_u32(page, VERSION_AT)) {
            (Some(MAGIC), Some(DATA_VERSION)) => {}
            (Some(MAGIC), _) => return Err("it has another version of the LMDB format"),
            _ => return Err("it has no header of LMDB"),
        }
        let page_size = u64::from(read_u32(page, PAGE_SIZE_AT).ok_or(short)?);
        if !PAGE_SIZES.contains(&page_size) {
            return Err("its page size is not valid");
        }
        let (last_page, transaction) = (read_u64(page, LAST_PAGE_AT), read_u64(page, TRANSACTION_AT));
        Ok(Self { page_size, last_page: last_page.ok_or(short)?, transaction: transaction.ok_or(short)? })
    }
}

fn read_u32(page: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(page.get(offset..offset + 4)?.try_into().ok()?))
}

fn read_u64(page: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(page.get(offset..offset + 8)?.try_into().ok()?))
}

fn not_a_store(path: &Path, fault: &'static str) -> OpenError {
    OpenError::NotAStore(path.to_owned(), fault)
}

fn truncated(path: &Path, found: u64, needed: u64) -> OpenError {
    OpenError::Truncated { path: path.to_owned(), found, needed }
}

const MAGIC_AT: usize = 16;
const VERSION_AT: usize = 20;
const PAGE_SIZE_AT: usize = 40;
const LAST_PAGE_AT: usize = 136;
const TRANSACTION_AT: usize = 144;
const MAGIC: u32 = 0xBEEF_C0DE;
const DATA_VERSION: u32 = 1;
const PAGE_SIZES: [u64; 8] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];
