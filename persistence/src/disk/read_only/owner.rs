//! Detects whether a store was opened again by another process. Each process that opens the store creates a new reader
//! table for LMDB. The pages that readers use according to the former table are then no longer protected.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::disk::open::{self, READER_TABLE_FILE_NAME};
use crate::error::OpenError;

/// The reader table that was in the folder when reading began.
pub(super) struct Owner {
    path: PathBuf,
    /// The file of the table. While this file is open, no other file gets the same inode number. The file is opened
    /// with `O_PATH`, because closing a normal file descriptor would release LMDB's locks on the file.
    table: File,
}

impl Owner {
    /// Opens the current reader table, or creates it. LMDB must open the table after this call.
    pub(super) fn current(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(READER_TABLE_FILE_NAME);
        open::create_reader_table(&path)?;
        let table = open_path(&path).map_err(open::io_error(&path))?;
        Ok(Self { path, table })
    }

    /// Whether the folder still contains the same reader table.
    pub(super) fn is_same(&self) -> bool {
        let inode = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let (then, now) = (self.table.metadata().map(inode), fs::metadata(&self.path).map(inode));
        matches!((then, now), (Ok(then), Ok(now)) if then == now)
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.path.with_file_name("")
    }
}

fn open_path(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::PATH.bits()).map_err(io::Error::other)?;
    File::options().read(true).custom_flags(flags).open(path)
}
