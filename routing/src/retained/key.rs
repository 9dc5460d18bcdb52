//! Keys of the ordered maps. Topics sort level by level, so that all topics below a given one are adjacent.

use std::borrow::Borrow;

use tidegate_mqtt::Message;

/// A topic with each slash replaced by 0, which no topic contains, so that the separator sorts before every other byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Box<[u8]>);

impl Key {
    pub(super) fn of(topic: &str) -> Self {
        Self(topic.bytes().map(|byte| if byte == b'/' { SEPARATOR } else { byte }).collect())
    }

    /// Bytes that the entry of a topic uses.
    pub(super) fn cost(&self, message: &Message) -> usize {
        message.size() + self.0.len() + ENTRY
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// The levels of a key.
pub(super) fn levels(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    key.split(|byte| *byte == SEPARATOR)
}

/// The separator between levels.
pub(super) const SEPARATOR: u8 = 0;

/// Overhead of an entry in bytes: the key and message pointers in the node of the map, and allocator overhead.
const ENTRY: usize = 64;
