//! Keys made of texts that may be longer than LMDB's keys: as they are while short, hashed when long.

use std::hash::Hasher;

use heed::RoTxn;
use siphasher::sip128::{Hasher128, SipHasher24};
use smallvec::SmallVec;

use super::fault::Fault;
use super::tables::{Row, Table};

/// Makes text keys under the secret of the store.
#[derive(Clone, Copy)]
pub(super) struct TextKeys {
    secret: [u8; 16],
    /// Bits of the hash that are used: all.
    mask: u128,
}

impl TextKeys {
    pub(super) const fn new(secret: [u8; 16]) -> Self {
        Self { secret, mask: u128::MAX }
    }

    /// Keys of which every second pair collides.
    #[cfg(test)]
    pub(super) const fn weak(secret: [u8; 16]) -> Self {
        Self { secret, mask: 1 }
    }

    /// The key under which the text is kept, or would be. `is_same` compares the text in a value with the one that is looked for.
    pub(super) fn locate(
        &self,
        table: &Table,
        txn: &RoTxn<'_>,
        prefix: &[u8],
        text: &[u8],
        is_same: impl Fn(&[u8]) -> Result<bool, &'static str>,
    ) -> Result<SmallVec<[u8; 96]>, Fault> {
        let mut key = SmallVec::from_slice(prefix);
        if text.len() <= PLAIN_MAX {
            key.push(PLAIN);
            key.extend_from_slice(text);
            return Ok(key);
        }
        key.push(HASHED);
        key.extend_from_slice(&self.hash(text));
        let ordinal = find(table, txn, &key, is_same)?;
        key.extend_from_slice(&ordinal.to_be_bytes());
        Ok(key)
    }

    fn hash(&self, text: &[u8]) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write(text);
        (hasher.finish128().as_u128() & self.mask).to_be_bytes()
    }
}

/// The ordinal of the text among those of its hash; the lowest free one when it is not there.
fn find(
    table: &Table,
    txn: &RoTxn<'_>,
    hashed: &[u8],
    is_same: impl Fn(&[u8]) -> Result<bool, &'static str>,
) -> Result<u16, Fault> {
    let mut free = 0;
    for row in table.prefix(txn, hashed)? {
        let Row { key, value } = row?;
        let corrupt = |fault| table.corrupt(key, fault);
        let ordinal = key.last_chunk().map_or(0, |ordinal| u16::from_be_bytes(*ordinal));
        if is_same(value).map_err(corrupt)? {
            return Ok(ordinal);
        }
        if ordinal == free {
            free = free.checked_add(1).ok_or_else(|| corrupt("as many texts of one hash as there can be"))?;
        }
    }
    Ok(free)
}

/// Longest text that stands in a key as it is: with any prefix, below the 511 bytes of LMDB.
const PLAIN_MAX: usize = 400;
const _: () = assert!(8 + 1 + PLAIN_MAX <= 511, "a session, the form, the text");
const PLAIN: u8 = 0;
const HASHED: u8 = 1;

#[cfg(test)]
mod tests;
