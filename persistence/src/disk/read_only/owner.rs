//! Whether the process that owns a folder is still the same. A start makes LMDB's table of readers anew: who reads under the former
//! table is not heeded from then on.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::disk::open::{self, READERS};
use crate::error::OpenError;

/// The table of readers that a folder had.
pub(super) struct Owner {
    path: PathBuf,
    /// The file as it was: while it is held, no other file has its number. Held by name only, for closing a file that was opened
    /// drops what LMDB locked in it.
    table: File,
}

impl Owner {
    /// Notes the present table; LMDB is to open it afterwards.
    pub(super) fn of(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(READERS);
        match File::options().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(open::io_error(&path)(error));
            }
            _ => {}
        }
        let table = open_path(&path).map_err(open::io_error(&path))?;
        Ok(Self { path, table })
    }

    /// Whether the folder still has that table.
    pub(super) fn is_same(&self) -> bool {
        let number = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let (then, now) = (self.table.metadata().map(number), fs::metadata(&self.path).map(number));
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
