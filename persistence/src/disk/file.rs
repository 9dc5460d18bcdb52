//! Examines the data file before LMDB opens it: checks that it is an LMDB file and that its end is not missing.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::verify::Header;
use crate::error::OpenError;

/// The sizes found by examining a data file, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Examined {
    /// The length of the file.
    pub(super) length: u64,
    /// The size of the file up to the last page of the newest transaction.
    pub(super) used: u64,
}

/// Reads the header of the data file and compares the length of the file with the last page of the newest
/// transaction. Returns `None` when there is no file.
pub(super) fn examine(path: &Path) -> Result<Option<Examined>, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    match fs::metadata(path) {
        // Opening a pipe would wait for a writer.
        Ok(metadata) if !metadata.is_file() => Err(not_a_store(path, "it is not a regular file")),
        Ok(_) => examine_open(path, &File::open(path).map_err(io)?).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(error)),
    }
}

fn examine_open(path: &Path, file: &File) -> Result<Examined, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let length = || file.metadata().map(|metadata| metadata.len()).map_err(io);
    let newest = newest_header(path, file, length()?)?;
    // The owner of the store may have enlarged the file before it wrote the header, so the length is read again.
    let (length, used) = (length()?, newest.used());
    if length < used { Err(truncated_error(path, length, used)) } else { Ok(Examined { length, used }) }
}

/// Reads both header pages of a file and returns the newer header.
fn newest_header(path: &Path, file: &File, length: u64) -> Result<Header, OpenError> {
    let header = |offset| {
        let head = read_at(file, offset).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        Header::read(&head).map_err(|fault| not_a_store(path, fault))
    };
    if length == 0 {
        return Err(OpenError::Empty(path.to_owned()));
    }
    let first = header(0)?;
    if length < 2 * first.page_size {
        return Err(truncated_error(path, length, 2 * first.page_size));
    }
    let second = header(first.page_size)?;
    Ok(if second.transaction > first.transaction { second } else { first })
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
    pub(super) const SIZE: usize = Header::SIZE;
}

/// Reads the meta pages of an LMDB file.
pub(super) fn read_meta_pages(file: &File) -> io::Result<MetaPages> {
    let (mut first, mut second) = ([0; MetaPages::SIZE], [0; MetaPages::SIZE]);
    file.read_exact_at(&mut first, 0)?;
    let page_size = Header::read(&first).map_err(io::Error::other)?.page_size;
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

fn not_a_store(path: &Path, fault: &'static str) -> OpenError {
    OpenError::NotAStore(path.to_owned(), fault)
}

fn truncated_error(path: &Path, found: u64, needed: u64) -> OpenError {
    OpenError::Truncated { path: path.to_owned(), found, needed }
}
