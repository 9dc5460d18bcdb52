//! Keys of the ordered maps: topics that sort level by level, so that all topics below one stand together.

use std::borrow::Borrow;

use tidegate_mqtt::Message;

/// A topic, with 0 (which no topic can contain) in place of the slash: the separator sorts before everything else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Box<[u8]>);

impl Key {
    pub(super) fn of(topic: &str) -> Self {
        Self(topic.bytes().map(|byte| if byte == b'/' { SEPARATOR } else { byte }).collect())
    }

    /// Bytes that a topic's entry holds.
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

/// What stands between levels.
pub(super) const SEPARATOR: u8 = 0;

/// Key and message pointer in a map's node, and the allocations' own share.
const ENTRY: usize = 64;
