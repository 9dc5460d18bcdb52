//! Keys for texts that may be longer than LMDB allows for keys: short texts are used directly, long texts are
//! hashed.

use std::hash::Hasher;

use heed::RoTxn;
use siphasher::sip128::{Hasher128, SipHasher24};
use smallvec::SmallVec;

use super::fault::Fault;
use super::tables::{Row, Table};

/// Creates text keys. The hash of long texts depends on the secret of the store.
#[derive(Clone, Copy)]
pub(super) struct TextKeys {
    secret: [u8; 16],
    /// The bits of the hash that are used: all of them, except in tests.
    hash_mask: u128,
}

impl TextKeys {
    pub(super) const fn new(secret: [u8; 16]) -> Self {
        Self { secret, hash_mask: u128::MAX }
    }

    /// Creates text keys whose hash has only one bit, so that two texts collide with a probability of one half.
    #[cfg(test)]
    pub(super) const fn weak(secret: [u8; 16]) -> Self {
        Self { secret, hash_mask: 1 }
    }

    /// Returns the key under which the text is stored, or would be stored. `is_same` returns whether a value belongs to
    /// this text.
    pub(super) fn locate(
        &self,
        table: &Table,
        txn: &RoTxn<'_>,
        prefix: &[u8],
        text: &[u8],
        is_same: impl Fn(&[u8]) -> Result<bool, &'static str>,
    ) -> Result<SmallVec<[u8; 96]>, Fault> {
        let mut key = SmallVec::from_slice(prefix);
        if text.len() <= PLAIN_LEN_MAX {
            key.push(PLAIN_FORM);
            key.extend_from_slice(text);
            return Ok(key);
        }
        key.push(HASHED_FORM);
        key.extend_from_slice(&self.hash(text));
        let ordinal = find_ordinal(table, txn, &key, is_same)?;
        key.extend_from_slice(&ordinal.to_be_bytes());
        Ok(key)
    }

    fn hash(&self, text: &[u8]) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write(text);
        (hasher.finish128().as_u128() & self.hash_mask).to_be_bytes()
    }
}

/// Returns the ordinal of the text among all texts with the same hash. If the text is not stored, returns the lowest
/// free ordinal.
fn find_ordinal(
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
            free = free.checked_add(1).ok_or_else(|| corrupt("all ordinals of one hash are used"))?;
        }
    }
    Ok(free)
}

/// Maximum length in bytes of a text that is used as a key directly. With every prefix, the key is within LMDB's limit
/// of 511 bytes.
const PLAIN_LEN_MAX: usize = 400;
const _: () = assert!(8 + 1 + PLAIN_LEN_MAX <= 511, "the session, the form byte and the text fit into a key");
const PLAIN_FORM: u8 = 0;
const HASHED_FORM: u8 = 1;

#[cfg(test)]
mod tests;
