//! The order of keys in a tree.

use super::format::read_u64;

/// Checks that the keys of a tree rise. The caller passes the keys of the leaves in order, and before the first key below a
/// branch entry the key of that entry. So every key is also within the bounds that the branches above it set.
#[derive(Debug)]
pub(super) struct Order {
    keys: Keys,
    last: Vec<u8>,
    next: Next,
}

/// How keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// As byte strings.
    Bytes,
    /// As numbers of 8 bytes in native order.
    Numbers,
}

/// What the next key may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Any,
    /// Above the last one.
    Above,
    /// The last one, which was the key of a branch entry, or above.
    AtOrAbove,
}

impl Order {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, last: Vec::new(), next: Next::Any }
    }

    /// Whether the key of a leaf may follow.
    pub(super) fn leaf(&mut self, key: &[u8]) -> bool {
        self.follow(key, Next::Above)
    }

    /// Whether the key of a branch entry may follow.
    pub(super) fn branch(&mut self, key: &[u8]) -> bool {
        self.follow(key, Next::AtOrAbove)
    }

    fn follow(&mut self, key: &[u8], next: Next) -> bool {
        let is_in_order = self.is_of_its_kind(key)
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

    fn is_of_its_kind(&self, key: &[u8]) -> bool {
        self.keys == Keys::Bytes || key.len() == size_of::<u64>()
    }

    fn compare(&self, key: &[u8]) -> std::cmp::Ordering {
        match self.keys {
            Keys::Bytes => key.cmp(&self.last),
            Keys::Numbers => read_u64(key, 0).cmp(&read_u64(&self.last, 0)),
        }
    }
}
