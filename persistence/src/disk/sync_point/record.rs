//! A copy of the meta pages, with a checksum that detects an incomplete write.

use crate::clock::BootId;
use crate::disk::checksum::{self, SUM_SIZE};
use crate::disk::file::MetaPages;

/// One of the two records in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyncRecord {
    /// The number of the sync that this record belongs to. The record with the higher number is the newer one.
    pub(super) sequence: u64,
    /// The boot of the machine during which the record was written.
    pub(super) boot_id: BootId,
    pub(super) meta_pages: MetaPages,
}

impl SyncRecord {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.boot_id.0);
        bytes.extend_from_slice(&self.meta_pages.page_size.to_le_bytes());
        bytes.extend_from_slice(&self.meta_pages.first);
        bytes.extend_from_slice(&self.meta_pages.second);
        let sum = checksum::compute(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// Reads a record; `None` when the checksum does not match.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, rest) = bytes.split_at_checked(SIZE - SUM_SIZE)?;
        if rest.get(..SUM_SIZE)? != checksum::compute(body) {
            return None;
        }
        let rest = body.strip_prefix(MAGIC)?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (boot_id, rest) = rest.split_first_chunk()?;
        let (page_size, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let second = rest.first_chunk()?;
        let meta_pages =
            MetaPages { page_size: u64::from_le_bytes(*page_size), first: *first, second: *second };
        Some(Self { sequence: u64::from_le_bytes(*sequence), boot_id: BootId(*boot_id), meta_pages })
    }
}

/// Returns the offset of a record in the file. The records alternate between two pages.
pub(super) const fn record_offset(sequence: u64) -> u64 {
    (sequence & 1) * 4096
}

/// The two offsets at which records are written.
pub(super) const RECORD_OFFSETS: [u64; 2] = [record_offset(0), record_offset(1)];

/// Size in bytes of the file: one page for each of the two records.
pub(super) const FILE_SIZE: usize = 2 * 4096;
/// Size in bytes of a record.
pub(super) const SIZE: usize = MAGIC.len() + 8 + BootId::SIZE + 8 + 2 * MetaPages::SIZE + SUM_SIZE;
const MAGIC: &[u8; 8] = b"tganchor";
