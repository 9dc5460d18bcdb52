//! Where in a list the things of a message number are: numbers close to each other, as most are, by one look into an array;
//! the others by a map. Owns none of the things.

use std::collections::VecDeque;

use foldhash::HashMap;

/// Places by number. Invariant: a number has one place, in one of the two.
#[derive(Default)]
pub(super) struct DenseIndex {
    /// The number of the first of `dense`.
    base: u64,
    /// The place plus one; 0 for none.
    dense: VecDeque<u32>,
    /// Places in `dense`.
    count: usize,
    sparse: HashMap<u64, u32>,
}

impl DenseIndex {
    /// Gives a number that has none its place.
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

    /// Widens the array to that number, unless it would become far longer than what is in it.
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

    /// Has the array where most of what is new is: what was in it moves to the map.
    fn restart_at(&mut self, id: u64) {
        for (known, dense) in (self.base..).zip(self.dense.drain(..)) {
            if dense > 0 {
                self.sparse.insert(known, dense - 1);
            }
        }
        (self.base, self.count) = (id, 0);
        self.dense.push_back(0);
    }

    /// Gives up the front of the array, where nothing is any more.
    fn trim_front(&mut self) {
        while self.dense.front() == Some(&0) {
            self.dense.pop_front();
            self.base += 1;
        }
    }
}

/// Numbers that the array may span, and how many more for each in it.
const DENSE_LEN_MIN: usize = 1024;
const DENSE_LEN_PER_ID: usize = 64;
/// Length of an array whose memory is kept.
const IDLE_CAPACITY_MAX: usize = 262_144;

#[cfg(test)]
mod tests;
