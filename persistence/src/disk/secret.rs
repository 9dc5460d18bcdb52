//! The file with a secret that outlives the process, such as the key of QUIC's stateless resets. Snapshots do not
//! contain the secret, because two brokers must not have the same one.

use std::fs::{self, File};
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};
use std::path::Path;

use super::checksum;
use super::snapshot::sync_folder_of;
use crate::access;

/// Returns the secret stored in the folder of a store. If no secret is stored, stores and returns `fresh`, which must
/// be random. Must be called while the store is open, because the store holds the lock on the folder and has checked
/// the owner of the file.
///
/// This function never fails, because a broker also works with a new secret. A damaged file is replaced. If the file
/// cannot be read or written, `fresh` is returned without being stored. Both cases are logged as a warning.
#[must_use]
pub fn load_or_store_secret(folder: &Path, fresh: [u8; SECRET_LEN]) -> [u8; SECRET_LEN] {
    let path = folder.join(FILE_NAME);
    match read(&path) {
        Ok(Some(bytes)) => {
            if let Some(secret) = decode(&bytes) {
                return secret;
            }
            tracing::warn!(
                path = %path.display(),
                "this file is damaged and is replaced: QUIC clients that were connected before the start notice only at \
                 their keep alive that the broker was restarted"
            );
        }
        Ok(None) => {}
        Err(error) => {
            warn_unusable(&path, &error);
            return fresh;
        }
    }
    if let Err(error) = write(&path, fresh) {
        warn_unusable(&path, &error);
    }
    fresh
}

fn warn_unusable(path: &Path, error: &IoError) {
    tracing::warn!(
        path = %path.display(),
        %error,
        "this file cannot be used, so the keys of QUIC do not outlive this process: after a crash, QUIC clients notice only \
         at their keep alive that the broker was restarted; check the permissions and the disk"
    );
}

/// Returns at most [`READ_MAX`] bytes of the file, or `None` if there is no file.
fn read(path: &Path) -> IoResult<Option<Vec<u8>>> {
    // Opening a pipe would wait for a writer.
    access::check_regular(path)?;
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(READ_MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces the file atomically: after a crash, the file contains either the former secret or the new secret.
fn write(path: &Path, secret: [u8; SECRET_LEN]) -> IoResult<()> {
    let new = path.with_file_name(NEW_FILE_NAME);
    access::ignore_missing(fs::remove_file(&new))?;
    let mut file = access::private_file().write(true).create_new(true).open(&new)?;
    file.write_all(&encode(secret))?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder_of(path)
}

fn encode(secret: [u8; SECRET_LEN]) -> Vec<u8> {
    let mut bytes = [MAGIC.as_slice(), &secret].concat();
    let sum = checksum::compute(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

/// Returns the secret in the bytes, or `None` if the length, the header or the checksum is wrong.
fn decode(bytes: &[u8]) -> Option<[u8; SECRET_LEN]> {
    let (body, sum) = bytes.split_at_checked(MAGIC.len() + SECRET_LEN)?;
    if sum != checksum::compute(body) {
        return None;
    }
    body.strip_prefix(MAGIC)?.try_into().ok()
}

/// Number of bytes of a secret.
pub const SECRET_LEN: usize = 32;
/// The name of the file in the folder of a store.
pub(super) const FILE_NAME: &str = "quic.keys";
const NEW_FILE_NAME: &str = "quic.keys.new";
const MAGIC: &[u8; 8] = b"tgsecret";
/// Maximum number of bytes that are read. Longer than a valid file, so that a file that is too long is detected.
const READ_MAX: u64 = 64;

#[cfg(test)]
mod tests;
