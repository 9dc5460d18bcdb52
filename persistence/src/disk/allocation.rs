//! The disk space of the data file. It is reserved before the map covers it, so that a full disk stops the growth of
//! the file, and never a write to a page of the map.

use std::fs::File;
use std::io::{Error as IoError, Result as IoResult};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::Errno;

use super::engine::whole_pages;
use super::file::Examined;

/// The part of the data file, from its beginning, that has disk space.
#[derive(Debug)]
pub(super) struct Allocation {
    file: File,
    length: usize,
}

impl Allocation {
    /// Reserves space for all of an existing file, which may have holes: an earlier version left them, and copies do.
    /// On a full disk, only the pages in use count as reserved.
    pub(super) fn of_existing(file: File, found: Examined) -> IoResult<Self> {
        let length = whole_pages(to_usize(found.length));
        let missing = to_u64(length).saturating_sub(file.metadata()?.blocks().saturating_mul(BLOCK));
        let is_reserved = missing <= available(&file)? && reserve(&file, 0, length).is_ok();
        Ok(Self { file, length: if is_reserved { length } else { whole_pages(to_usize(found.used)) } })
    }

    /// Bytes that are reserved.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Bytes that the file system has left.
    pub(super) fn available(&self) -> IoResult<usize> {
        available(&self.file).map(to_usize)
    }

    /// Reserves space up to `length`, and extends the file. Nothing is changed if the disk has not enough space.
    pub(super) fn extend(&mut self, length: usize) -> IoResult<()> {
        if length <= self.length {
            return Ok(());
        }
        // A failed reservation may take all that is left, so look first.
        if available(&self.file)? < to_u64(length - self.length) {
            return Err(Errno::NOSPC.into());
        }
        reserve(&self.file, self.length, length)?;
        if self.file.metadata()?.len() < to_u64(length) {
            self.file.set_len(to_u64(length))?;
        }
        self.length = length;
        Ok(())
    }
}

/// Reserves disk space for a part of a file. Its length stays as it is. Some file systems cannot do that; there, a full
/// disk is noticed when a page is written.
pub(super) fn reserve(file: &File, from: usize, to: usize) -> IoResult<()> {
    loop {
        match fallocate(file, FallocateFlags::KEEP_SIZE, to_u64(from), to_u64(to.saturating_sub(from))) {
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
            result => return result.map_err(IoError::from),
        }
    }
}

/// Bytes that the file system of the file has left.
pub(super) fn available(file: &File) -> IoResult<u64> {
    let stat = fstatvfs(file)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The unit of `st_blocks`.
const BLOCK: u64 = 512;
