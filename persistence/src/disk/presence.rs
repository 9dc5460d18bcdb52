//! Checks that the files of an open store are still at their paths. A file that was removed or replaced is still
//! open here, so writing to it succeeds, but the next start would not find what was written.

use std::fs::{self, File, Metadata};
use std::io::{Error as IoError, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::engine::Map;
use super::fault::Fault;
use super::open::{DATA, LOCK};

/// The files that make a store this process's own: the data file, and the lock that keeps other processes out.
pub(super) struct Presence {
    files: [OpenFile; 2],
}

/// A file, and the path at which it was opened.
struct OpenFile {
    path: PathBuf,
    file: File,
}

impl Presence {
    /// Remembers the files of an open store.
    pub(super) fn new(map: &Map) -> Result<Self, Fault> {
        let data = OpenFile { path: map.folder().join(DATA), file: map.env().try_clone_inner_file()? };
        let lock = OpenFile { path: map.folder().join(LOCK), file: map.lock().try_clone_file()? };
        Ok(Self { files: [data, lock] })
    }

    /// Returns [`Fault::Displaced`] if one of the files is no longer at its path.
    pub(super) fn verify(&self) -> Result<(), Fault> {
        self.files.iter().try_for_each(OpenFile::verify)
    }
}

impl OpenFile {
    /// Four system calls per commit, for two files, are cheap compared with the sync of the commit.
    fn verify(&self) -> Result<(), Fault> {
        let open = self.file.metadata().map_err(|error| unknown(&self.path, &error))?;
        match fs::metadata(&self.path) {
            Ok(found) if is_same(&open, &found) => Ok(()),
            Ok(_) => Err(displaced(&self.path, "was replaced by another file")),
            Err(error) if is_missing(&error) => Err(displaced(&self.path, "was removed or renamed")),
            Err(error) => Err(unknown(&self.path, &error)),
        }
    }
}

/// While a file is open, no other file has its inode number.
fn is_same(open: &Metadata, found: &Metadata) -> bool {
    open.nlink() > 0 && (open.dev(), open.ino()) == (found.dev(), found.ino())
}

fn is_missing(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn displaced(path: &Path, what: &str) -> Fault {
    Fault::Displaced(format!("{} {what}", path.display()))
}

fn unknown(path: &Path, error: &IoError) -> Fault {
    displaced(path, &format!("can no longer be examined ({error})"))
}
