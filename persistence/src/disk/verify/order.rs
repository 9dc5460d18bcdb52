//! The order of keys in a tree.

use super::format::read_u64;

/// Checks that the keys of a tree are in ascending order. The caller passes the keys of the leaves in order, and the
/// key of each branch entry before the first key below that entry. In this way, every key is also checked against the
/// bounds that the branches above it set.
#[derive(Debug)]
pub(super) struct Order {
    key_type: KeyType,
    last: Vec<u8>,
    next: Next,
}

/// The type of the keys, which determines how they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    /// Keys that are compared as byte strings.
    Bytes,
    /// Keys of 8 bytes that are compared as numbers in native byte order.
    Numbers,
}

/// The condition for the next key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Any,
    /// The next key must be greater than the last key.
    Above,
    /// The next key must be greater than or equal to the last key, which was the key of a branch entry.
    AtOrAbove,
}

impl Order {
    pub(super) fn new(key_type: KeyType) -> Self {
        Self { key_type, last: Vec::new(), next: Next::Any }
    }

    /// Records the next key of a leaf. Returns whether it is in order.
    pub(super) fn leaf(&mut self, key: &[u8]) -> bool {
        self.follow(key, Next::Above)
    }

    /// Records the key of a branch entry. Returns whether it is in order.
    pub(super) fn branch(&mut self, key: &[u8]) -> bool {
        self.follow(key, Next::AtOrAbove)
    }

    fn follow(&mut self, key: &[u8], next: Next) -> bool {
        let is_in_order = self.has_valid_length(key)
            && match self.next {
                Next::Any => true,
                Next::Above => self.compare(key).is_gt(),
                Next::AtOrAbove => self.compare(key).is_ge(),
            };
        self.last.clear();
        self.last.extend_from_slice(key);
        self.next = next;
        is_in_order
    }

    fn has_valid_length(&self, key: &[u8]) -> bool {
        self.key_type == KeyType::Bytes || key.len() == size_of::<u64>()
    }

    fn compare(&self, key: &[u8]) -> std::cmp::Ordering {
        match self.key_type {
            KeyType::Bytes => key.cmp(&self.last),
            KeyType::Numbers => read_u64(key, 0).cmp(&read_u64(&self.last, 0)),
        }
    }
}
