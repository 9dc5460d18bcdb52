//! Checks that the files of an open store are still at their paths. If a file was removed or replaced, this process
//! still has it open and can write to it, but the next start would not find the written data.

use std::fs::{self, File, Metadata};
use std::io::{Error as IoError, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::engine::Map;
use super::fault::Fault;
use super::open::{DATA_FILE_NAME, LOCK_FILE_NAME};

/// The files whose presence is checked: the data file, and the lock file, which prevents other processes from opening
/// the store.
pub(super) struct Presence {
    files: [OpenFile; 2],
}

/// A file, and the path at which it was opened.
struct OpenFile {
    path: PathBuf,
    file: File,
}

impl Presence {
    /// Records the files of an open store.
    pub(super) fn new(map: &Map) -> Result<Self, Fault> {
        let data =
            OpenFile { path: map.folder().join(DATA_FILE_NAME), file: map.env().try_clone_inner_file()? };
        let lock = OpenFile { path: map.folder().join(LOCK_FILE_NAME), file: map.lock().try_clone_file()? };
        Ok(Self { files: [data, lock] })
    }

    /// Returns [`Fault::Displaced`] if one of the files is no longer at its path.
    pub(super) fn verify(&self) -> Result<(), Fault> {
        self.files.iter().try_for_each(OpenFile::verify)
    }
}

impl OpenFile {
    /// Checks that the file is still at its path. This takes two system calls, which are cheap compared with the sync
    /// of a commit.
    fn verify(&self) -> Result<(), Fault> {
        let open = self.file.metadata().map_err(|error| unknown_file_fault(&self.path, &error))?;
        match fs::metadata(&self.path) {
            Ok(found) if is_same(&open, &found) => Ok(()),
            Ok(_) => Err(displaced_file_fault(&self.path, "was replaced by another file")),
            Err(error) if is_missing(&error) => {
                Err(displaced_file_fault(&self.path, "was removed or renamed"))
            }
            Err(error) => Err(unknown_file_fault(&self.path, &error)),
        }
    }
}

/// Whether both are the same file, and it was not removed. While a file is open, no other file has its inode number.
fn is_same(open: &Metadata, found: &Metadata) -> bool {
    open.nlink() > 0 && (open.dev(), open.ino()) == (found.dev(), found.ino())
}

fn is_missing(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn displaced_file_fault(path: &Path, what: &str) -> Fault {
    Fault::Displaced(format!("{} {what}", path.display()))
}

fn unknown_file_fault(path: &Path, error: &IoError) -> Fault {
    displaced_file_fault(path, &format!("can no longer be examined ({error})"))
}
