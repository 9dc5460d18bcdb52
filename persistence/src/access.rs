//! Restricts the broker's files to the user that runs the broker. Another user who can open the lock file can prevent
//! the broker from starting, and a user who owns a folder can replace the files in it.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{Error as IoError, ErrorKind, Result as IoResult};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The reason why a file or folder cannot be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The file or folder cannot be examined.
    #[error("cannot use {path}: {source}; check the path and its permissions")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: IoError,
    },
    /// The file or folder belongs to another user, who could change it at any time.
    #[error(
        "{path} belongs to user {owner}, but this process runs as user {user}: run it as user {owner}, or give the folder to user {user}"
    )]
    ForeignOwner {
        /// The file or folder.
        path: PathBuf,
        /// The id of the user who owns the file or folder.
        owner: u32,
        /// The id of the user that this process runs as.
        user: u32,
    },
}

/// Creates a folder that only its owner can use, and the missing folders above it. An existing folder is left
/// unchanged.
///
/// # Errors
/// When a folder cannot be created, or the path is a file.
pub fn create_private_folder(folder: &Path) -> IoResult<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Creates a folder that only its owner can use, in a folder that exists.
///
/// # Errors
/// When the folder exists or cannot be created.
pub(crate) fn create_new_private_folder(folder: &Path) -> IoResult<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(folder)
}

/// Returns the options to create a file that only its owner can use.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.mode(FILE_MODE);
    options
}

/// Checks the owner and the permissions of a file or folder. Logs a warning if users other than the owner may use it. A
/// path that does not exist is not an error.
///
/// # Errors
/// When the owner is neither the user of this process nor root, or the path cannot be examined.
pub fn check_access(path: &Path) -> Result<(), AccessError> {
    let metadata = match fs::metadata(path) {
        Err(error) if is_missing(error.kind()) => return Ok(()),
        metadata => metadata.map_err(|source| AccessError::Io { path: path.to_owned(), source })?,
    };
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user && owner != ROOT_UID {
        return Err(AccessError::ForeignOwner { path: path.to_owned(), owner, user });
    }
    warn_if_others_have_access(path, &metadata);
    Ok(())
}

/// Checks that a path, if it exists, is a regular file. Opening a pipe would wait for another process.
pub(crate) fn check_regular(path: &Path) -> IoResult<()> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(IoError::other("it is not a regular file")),
        Err(error) if !is_missing(error.kind()) => Err(error),
        _ => Ok(()),
    }
}

/// Ignores the error that a file or folder does not exist, for example when it is removed.
pub(crate) fn ignore_missing(result: IoResult<()>) -> IoResult<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Whether the error means that a path does not exist. This includes a path below a file that is not a folder.
fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn warn_if_others_have_access(path: &Path, metadata: &Metadata) {
    if metadata.mode() & GROUP_AND_OTHERS == 0 {
        return;
    }
    let wanted = if metadata.is_dir() { FOLDER_MODE } else { FILE_MODE };
    tracing::warn!(
        path = %path.display(),
        mode = format!("{:04o}", metadata.mode() & PERMISSION_BITS),
        "other users have access to data of the broker: run `chmod {wanted:o}` on this path"
    );
}

const ROOT_UID: u32 = 0;
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// The permission bits of the group and of all other users.
const GROUP_AND_OTHERS: u32 = 0o077;
const PERMISSION_BITS: u32 = 0o7777;
