//! The topic name: what a message is published to.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{LENGTH_MAX, TopicError};

/// A valid topic name: not empty, no wildcards, no U+0000, at most 65,535 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// A topic name of `text`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        check(text)?;
        Ok(Self(Arc::from(text)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
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

/// True when `text` can be published to.
#[must_use]
pub fn is_valid_name(text: &str) -> bool {
    check(text).is_ok()
}

/// `[MQTT5-4.7.0-1]` `[MQTT5-4.7.3-1]` `[MQTT5-4.7.3-2]` `[MQTT5-4.7.3-3]`
pub(crate) fn check(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > LENGTH_MAX {
        return Err(TopicError::TooLong);
    }
    check_bytes(text.as_bytes())
}

/// The characters of a name. One pass without branches in the usual case; which fault it is, only when there is one.
pub(crate) fn check_bytes(bytes: &[u8]) -> Result<(), TopicError> {
    let special = bytes.iter().fold(false, |found, byte| found | matches!(byte, 0 | b'+' | b'#'));
    match special {
        false => Ok(()),
        true if bytes.contains(&0) => Err(TopicError::Nul),
        true => Err(TopicError::WildcardInName),
    }
}
