//! Detects whether the process that owns a folder has changed. When a store is opened, LMDB's reader table is
//! created anew, and readers in the former table are no longer protected.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::disk::open::{self, READERS};
use crate::error::OpenError;

/// The reader table that the folder had when reading began.
pub(super) struct Owner {
    path: PathBuf,
    /// The file of the table. While it is open, no other file gets its inode number. It is opened with
    /// `O_PATH`: closing a normally opened file would release LMDB's locks on it.
    table: File,
}

impl Owner {
    /// Remembers the current table. LMDB must open the table after this call.
    pub(super) fn current(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(READERS);
        open::create_reader_table(&path)?;
        let table = open_path(&path).map_err(open::io_error(&path))?;
        Ok(Self { path, table })
    }

    /// Whether the folder still has that table.
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
