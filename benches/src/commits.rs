//! Counts the transactions of an LMDB file. The file has two meta pages, one of which contains the id of the newest
//! transaction.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::LoadError;

/// Reads the transaction id of an LMDB file that another process writes.
#[derive(Debug)]
pub struct CommitCounter(File);

impl CommitCounter {
    /// Opens `data.mdb` in `folder` for reading.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        File::open(folder.join("data.mdb")).map(Self).map_err(LoadError::io("opening the store"))
    }

    /// Returns the id of the newest transaction. Each commit increments the id.
    pub fn count(&self) -> Result<u64, LoadError> {
        let page_size =
            u64::from(u32::try_from(self.read_word(PAGE_SIZE_OFFSET)? & 0xffff_ffff).unwrap_or_default());
        Ok(self.read_word(TRANSACTION_ID_OFFSET)?.max(self.read_word(page_size + TRANSACTION_ID_OFFSET)?))
    }

    fn read_word(&self, at: u64) -> Result<u64, LoadError> {
        let mut word = [0; 8];
        self.0.read_exact_at(&mut word, at).map_err(LoadError::io("reading the store"))?;
        Ok(u64::from_le_bytes(word))
    }
}

/// Offsets in a meta page, in bytes, on 64-bit machines.
const PAGE_SIZE_OFFSET: u64 = 40;
const TRANSACTION_ID_OFFSET: u64 = 144;
