//! The topic name, to which a message is published.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{LENGTH_MAX, TopicError};

/// A valid topic name: not empty, no wildcards, no U+0000, at most 65,535 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// Checks `text` and creates a topic name.
    ///
    /// # Errors
    /// Returns the rule that the text violates.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        check(text)?;
        Ok(Self(Arc::from(text)))
    }

    /// Returns the text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text of the name as a shared pointer.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Returns whether `text` is a valid topic name.
#[must_use]
pub fn is_valid_name(text: &str) -> bool {
    check(text).is_ok()
}

/// Checks a topic name `[MQTT5-4.7.0-1]` `[MQTT5-4.7.3-1]` `[MQTT5-4.7.3-2]` `[MQTT5-4.7.3-3]`.
pub(crate) fn check(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > LENGTH_MAX {
        return Err(TopicError::TooLong);
    }
    check_bytes(text.as_bytes())
}

/// Checks the characters of a topic name. The kind of fault is determined only if there is a fault.
#[inline]
pub(crate) fn check_bytes(bytes: &[u8]) -> Result<(), TopicError> {
    match has_special(bytes) {
        false => Ok(()),
        true if bytes.contains(&0) => Err(TopicError::Nul),
        true => Err(TopicError::WildcardInName),
    }
}

/// Returns whether the bytes contain U+0000, `+` or `#`. Reads eight bytes at a time; the last eight bytes may overlap
/// the previous eight.
#[inline]
fn has_special(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().any(|byte| matches!(byte, 0 | b'+' | b'#'));
    };
    let (words, _) = bytes.as_chunks();
    words.iter().chain([last]).fold(0, |found, word| found | special_bits(u64::from_ne_bytes(*word))) != 0
}

/// Returns a value other than 0 if one of the eight bytes is U+0000, `+` or `#`.
#[inline]
const fn special_bits(word: u64) -> u64 {
    zero_bits(word) | zero_bits(word ^ PLUS_BYTES) | zero_bits(word ^ HASH_BYTES)
}

/// Returns a value other than 0 if one of the eight bytes is 0.
#[inline]
const fn zero_bits(word: u64) -> u64 {
    word.wrapping_sub(ONE_BYTES) & !word & (ONE_BYTES << 7)
}

/// The value 1 in each of the eight bytes.
const ONE_BYTES: u64 = 0x0101_0101_0101_0101;
const PLUS_BYTES: u64 = 0x2B2B_2B2B_2B2B_2B2B;
const HASH_BYTES: u64 = 0x2323_2323_2323_2323;
