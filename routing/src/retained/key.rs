//! Keys of the ordered maps. Topics sort level by level, so that all topics below a given one are adjacent.

use std::borrow::Borrow;

use tidegate_mqtt::Message;

/// A topic with each slash replaced by the byte 0. No topic contains this byte, so the separator sorts before every
/// other byte of a topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Box<[u8]>);

impl Key {
    pub(super) fn from_topic(topic: &str) -> Self {
        Self(topic.bytes().map(|byte| if byte == b'/' { SEPARATOR } else { byte }).collect())
    }

    /// Returns the number of bytes that the entry of a topic uses.
    pub(super) fn cost(&self, message: &Message) -> usize {
        message.size() + self.0.len() + ENTRY_OVERHEAD
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// Returns the levels of a key.
pub(super) fn levels(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    key.split(|byte| *byte == SEPARATOR)
}

/// The byte between two levels of a key.
pub(super) const SEPARATOR: u8 = 0;

/// Overhead of a map entry in bytes: the pointers to key and message in the map's node, and the overhead of the
/// allocator.
const ENTRY_OVERHEAD: usize = 64;
