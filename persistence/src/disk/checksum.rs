//! The checksum of a snapshot. The checksum is in the first page of the file, after the part that LMDB uses, and covers
//! the length and all other bytes of the file. In snapshots made by earlier versions of Tidegate, these bytes are zero.
//! A store has no checksum, because its file changes.
//!
//! ```text
//!  at 256  magic       8 bytes
//!  at 264  length      8 bytes, little-endian: of the file
//!  at 272  sum        16 bytes, little-endian: SipHash-2-4-128 of the file, with zeros in these 16 bytes
//! ```

use std::cmp::Ordering;
use std::fs::File;
use std::hash::Hasher;
use std::io;
use std::os::unix::fs::FileExt;

use siphasher::sip128::{Hasher128, SipHasher24};

/// The result of comparing a file with its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    /// The file has no checksum.
    Missing,
    /// The file is unchanged since the checksum was written.
    Valid,
    /// The file has changed since the checksum was written. The text says which check failed.
    Wrong(&'static str),
}

/// Calculates the checksum and writes it to the file, which is open for reading and writing.
pub(super) fn write(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut field = [0; FIELD_SIZE];
    let (magic, rest) = field.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    let (stored_length, _) = rest.split_at_mut(8);
    stored_length.copy_from_slice(&length.to_le_bytes());
    file.write_all_at(&field, FIELD_OFFSET)?;
    file.write_all_at(&compute_file_sum(file, length)?.to_le_bytes(), SUM_OFFSET)
}

/// Returns the checksum of a small record: its SipHash-2-4-128, little-endian.
pub(super) fn compute(bytes: &[u8]) -> [u8; SUM_SIZE] {
    let mut hasher = SipHasher24::new();
    hasher.write(bytes);
    hasher.finish128().as_u128().to_le_bytes()
}

/// Compares the file with the checksum in it.
pub(super) fn check(file: &File) -> io::Result<Checksum> {
    let mut field = [0; FIELD_SIZE];
    file.read_exact_at(&mut field, FIELD_OFFSET)?;
    if field == [0; FIELD_SIZE] {
        return Ok(Checksum::Missing);
    }
    let length = file.metadata()?.len();
    let Some((stored_length, stored_sum)) = parse_field(&field) else {
        return Ok(Checksum::Wrong("its checksum is damaged"));
    };
    Ok(match u64::from_le_bytes(*stored_length).cmp(&length) {
        Ordering::Greater => Checksum::Wrong("its end is missing"),
        Ordering::Less => Checksum::Wrong("it is longer than it was written"),
        Ordering::Equal if stored_sum == compute_file_sum(file, length)?.to_le_bytes() => Checksum::Valid,
        Ordering::Equal => Checksum::Wrong("its content does not match its checksum"),
    })
}

/// Returns the stored length and sum, or `None` if the field has no checksum.
fn parse_field(field: &[u8]) -> Option<(&[u8; 8], &[u8])> {
    field.strip_prefix(MAGIC)?.split_first_chunk()
}

/// A checksum that was removed from a file.
pub(super) struct Removed([u8; FIELD_SIZE]);

/// Removes the checksum from a file, before the file is changed. Returns it, or `None` if the file has none.
pub(super) fn remove(file: &File) -> io::Result<Option<Removed>> {
    let mut field = [0; FIELD_SIZE];
    file.read_exact_at(&mut field, FIELD_OFFSET)?;
    if field == [0; FIELD_SIZE] {
        return Ok(None);
    }
    file.write_all_at(&[0; FIELD_SIZE], FIELD_OFFSET)?;
    // The checksum covers the length of the file, which may change next.
    file.sync_all()?;
    Ok(Some(Removed(field)))
}

impl Removed {
    /// Writes the checksum to the file again.
    pub(super) fn put_back(&self, file: &File) -> io::Result<()> {
        file.write_all_at(&self.0, FIELD_OFFSET)
    }
}

fn compute_file_sum(file: &File, length: u64) -> io::Result<u128> {
    let mut hasher = SipHasher24::new();
    hash_range(file, 0, SUM_OFFSET, &mut hasher)?;
    hasher.write(&[0; SUM_SIZE]);
    hash_range(file, FIELD_OFFSET + FIELD_LEN, length, &mut hasher)?;
    Ok(hasher.finish128().as_u128())
}

/// Hashes a part of the file.
fn hash_range(file: &File, from: u64, to: u64, hasher: &mut SipHasher24) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_SIZE];
    let mut at = from;
    while at < to {
        let size = usize::try_from(to - at).unwrap_or(CHUNK_SIZE).min(CHUNK_SIZE);
        let chunk = buffer.get_mut(..size).unwrap_or_default();
        file.read_exact_at(chunk, at)?;
        hasher.write(chunk);
        at += u64::try_from(size).unwrap_or(u64::MAX);
    }
    Ok(())
}

const MAGIC: &[u8; 8] = b"tgchksum";
const FIELD_OFFSET: u64 = 256;
const SUM_OFFSET: u64 = FIELD_OFFSET + 16;
const FIELD_LEN: u64 = 32;
const FIELD_SIZE: usize = 32;
/// Number of bytes of a checksum.
pub(super) const SUM_SIZE: usize = 16;
/// Number of bytes that are read at a time. It bounds the memory that computing a checksum needs.
const CHUNK_SIZE: usize = 256 << 10;
