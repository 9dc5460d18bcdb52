//! Reserves disk space for the data file before the map covers it. A full disk then prevents the file from growing, but
//! never a write to a page of the map.

use std::fs::File;
use std::io::{Error as IoError, Result as IoResult};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::Errno;

use super::engine::whole_pages;
use super::file::Examined;

/// The part of the data file, from its beginning, for which disk space is reserved.
#[derive(Debug)]
pub(super) struct Allocation {
    file: File,
    length: usize,
}

impl Allocation {
    /// Reserves space for an existing file. The file may have holes: earlier versions of Tidegate left holes in it, and
    /// a copy of the file can have holes. On a full disk, only the pages in use count as reserved.
    pub(super) fn of_existing(file: File, found: Examined) -> IoResult<Self> {
        let length = whole_pages(to_usize(found.length));
        let missing = to_u64(length).saturating_sub(file.metadata()?.blocks().saturating_mul(BLOCK_SIZE));
        let is_reserved = missing <= available(&file)? && reserve(&file, 0, length).is_ok();
        Ok(Self { file, length: if is_reserved { length } else { whole_pages(to_usize(found.used)) } })
    }

    /// Returns the number of reserved bytes.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Returns the number of free bytes of the file system.
    pub(super) fn available(&self) -> IoResult<usize> {
        available(&self.file).map(to_usize)
    }

    /// Reserves space up to `length`, and extends the file. Changes nothing if the disk does not have enough space.
    pub(super) fn extend(&mut self, length: usize) -> IoResult<()> {
        if length <= self.length {
            return Ok(());
        }
        // A reservation that fails may still occupy all free space, so check the free space first.
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

/// Reserves disk space for a part of a file, without changing the length of the file. On file systems that do not
/// support reservations, nothing is reserved, and a full disk is detected only when a page is written.
pub(super) fn reserve(file: &File, from: usize, to: usize) -> IoResult<()> {
    loop {
        match fallocate(file, FallocateFlags::KEEP_SIZE, to_u64(from), to_u64(to.saturating_sub(from))) {
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
            result => return result.map_err(IoError::from),
        }
    }
}

/// Returns the number of free bytes of the file's file system.
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

/// Size in bytes of the blocks that `st_blocks` counts.
const BLOCK_SIZE: u64 = 512;
