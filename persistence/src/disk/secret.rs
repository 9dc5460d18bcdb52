//! The file with a secret that outlives the process, such as the key of QUIC's stateless resets. It is no part of a
//! snapshot, because two brokers must not have the same secret.

use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};
use std::path::Path;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::snapshot::sync_folder_of;
use crate::access;

/// Returns the secret in the folder of a store. If there is none, stores `fresh`, which must be random, and returns it.
/// Call it while the store is open: the store has the lock of the folder, and has checked who owns the file.
///
/// Never fails, because a broker without its former secret works: a damaged file is replaced, and if the file cannot
/// be read or written, `fresh` is used without it. A warning says so.
#[must_use]
pub fn keep_secret(folder: &Path, fresh: [u8; SECRET_LEN]) -> [u8; SECRET_LEN] {
    let path = folder.join(NAME);
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

/// The content of the file, as far as it matters; `None` if there is no file.
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

/// Replaces the file in one step: after a crash, it has its former content or the new one.
fn write(path: &Path, secret: [u8; SECRET_LEN]) -> IoResult<()> {
    let new = path.with_file_name(NEW_NAME);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = access::private_file().write(true).create_new(true).open(&new)?;
    file.write_all(&encode(secret))?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder_of(path)
}

fn encode(secret: [u8; SECRET_LEN]) -> Vec<u8> {
    let mut bytes = [MAGIC.as_slice(), &secret].concat();
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

/// `None` if the length, the header or the checksum is wrong.
fn decode(bytes: &[u8]) -> Option<[u8; SECRET_LEN]> {
    let (body, sum) = bytes.split_at_checked(MAGIC.len() + SECRET_LEN)?;
    if sum != checksum(body) {
        return None;
    }
    body.strip_prefix(MAGIC)?.try_into().ok()
}

fn checksum(bytes: &[u8]) -> [u8; SUM_LEN] {
    let mut hasher = SipHasher24::new();
    hasher.write(bytes);
    hasher.finish128().as_u128().to_le_bytes()
}

/// Bytes of a secret.
pub const SECRET_LEN: usize = 32;
/// The name of the file in the folder of a store.
pub(super) const NAME: &str = "quic.keys";
const NEW_NAME: &str = "quic.keys.new";
const MAGIC: &[u8; 8] = b"tgsecret";
const SUM_LEN: usize = 16;
/// Enough to see that a file is too long.
const READ_MAX: u64 = 64;

#[cfg(test)]
mod tests;
