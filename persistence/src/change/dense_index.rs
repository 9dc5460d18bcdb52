//! An index from message ids to slots of a list. Most ids of a batch are close to each other, and are found in an array
//! with one access. A map holds the other ids. The index does not own the list.

use std::collections::VecDeque;

use foldhash::HashMap;

/// Slots by message id. Invariant: an id is either in `dense` or in `sparse`, and has one slot.
#[derive(Default)]
pub(super) struct DenseIndex {
    /// The id of the first element of `dense`.
    base: u64,
    /// Slot plus one; 0 means that the id has no slot.
    dense: VecDeque<u32>,
    /// Number of ids in `dense`.
    count: usize,
    sparse: HashMap<u64, u32>,
}

impl DenseIndex {
    /// Adds an id with its slot. The id must not be in the index.
    pub(super) fn insert(&mut self, id: u64, slot: u32) {
        if !self.extend_to(id) {
            if self.sparse.len() < self.count {
                self.sparse.insert(id, slot);
                return;
            }
            self.restart_at(id);
        }
        if let Some(dense) = self.offset(id).and_then(|offset| self.dense.get_mut(offset)) {
            *dense = slot + 1;
            self.count += 1;
        }
    }

    pub(super) fn remove(&mut self, id: u64) {
        match self.offset(id).and_then(|offset| self.dense.get_mut(offset)) {
            Some(dense) if *dense > 0 => {
                *dense = 0;
                self.count -= 1;
                self.trim_front();
            }
            _ => {
                self.sparse.remove(&id);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.dense.clear();
        self.dense.shrink_to(IDLE_CAPACITY_MAX);
        self.count = 0;
        if !self.sparse.is_empty() {
            self.sparse = HashMap::default();
        }
    }

    pub(super) fn find(&self, id: u64) -> Option<u32> {
        match self.offset(id).and_then(|offset| self.dense.get(offset)) {
            Some(dense) if *dense > 0 => Some(dense - 1),
            _ if self.sparse.is_empty() => None,
            _ => self.sparse.get(&id).copied(),
        }
    }

    fn offset(&self, id: u64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.base)?).ok()
    }

    /// Extends the array to include `id`. Returns false if the array would become much longer than the number
    /// of ids in it.
    fn extend_to(&mut self, id: u64) -> bool {
        let len_max = DENSE_LEN_MIN + DENSE_LEN_PER_ID * self.count;
        if self.dense.is_empty() {
            self.base = id;
        }
        let Some(offset) = self.offset(id) else {
            let before = usize::try_from(self.base - id).unwrap_or(usize::MAX);
            if before.saturating_add(self.dense.len()) > len_max {
                return false;
            }
            (0..before).for_each(|_| self.dense.push_front(0));
            self.base = id;
            return true;
        };
        if offset >= len_max {
            return false;
        }
        if offset >= self.dense.len() {
            self.dense.resize(offset + 1, 0);
        }
        true
    }

    /// Moves all ids from the array to the map, and lets the array start at `id`, because new ids will be close to it.
    fn restart_at(&mut self, id: u64) {
        for (known, dense) in (self.base..).zip(self.dense.drain(..)) {
            if dense > 0 {
                self.sparse.insert(known, dense - 1);
            }
        }
        (self.base, self.count) = (id, 0);
        self.dense.push_back(0);
    }

    /// Removes unused elements from the front of the array.
    fn trim_front(&mut self) {
        while self.dense.front() == Some(&0) {
            self.dense.pop_front();
            self.base += 1;
        }
    }
}

/// Number of elements that the array may have in any case. The array may have `DENSE_LEN_PER_ID` more elements for each
/// id in the array.
const DENSE_LEN_MIN: usize = 1024;
const DENSE_LEN_PER_ID: usize = 64;
/// Maximum number of elements for which `clear` keeps the allocated memory. A larger index is freed, so that one large
/// batch does not hold memory for ever.
const IDLE_CAPACITY_MAX: usize = 262_144;

#[cfg(test)]
mod tests;
