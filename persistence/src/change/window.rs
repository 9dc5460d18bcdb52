//! Where in a list the things of a message number are: numbers close to each other, as most are, by one look into an array;
//! the others by a map. Owns none of the things.

use std::collections::VecDeque;

use foldhash::HashMap;

/// Places by number. Invariant: a number has one place, in one of the two.
#[derive(Default)]
pub(super) struct Window {
    /// The number of the first of `near`.
    base: u64,
    /// The place plus one; 0 for none.
    near: VecDeque<u32>,
    /// Places in `near`.
    count: usize,
    far: HashMap<u64, u32>,
}

impl Window {
    /// Gives a number that has none its place.
    pub(super) fn insert(&mut self, number: u64, place: u32) {
        if !self.reach(number) {
            if self.far.len() < self.count {
                self.far.insert(number, place);
                return;
            }
            self.begin_at(number);
        }
        if let Some(near) = self.offset(number).and_then(|offset| self.near.get_mut(offset)) {
            *near = place + 1;
            self.count += 1;
        }
    }

    pub(super) fn remove(&mut self, number: u64) {
        match self.offset(number).and_then(|offset| self.near.get_mut(offset)) {
            Some(near) if *near > 0 => {
                *near = 0;
                self.count -= 1;
                self.close_up();
            }
            _ => {
                self.far.remove(&number);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.near.clear();
        self.near.shrink_to(IDLE_CAPACITY_MAX);
        self.count = 0;
        if !self.far.is_empty() {
            self.far = HashMap::default();
        }
    }

    pub(super) fn find(&self, number: u64) -> Option<u32> {
        match self.offset(number).and_then(|offset| self.near.get(offset)) {
            Some(near) if *near > 0 => Some(near - 1),
            _ if self.far.is_empty() => None,
            _ => self.far.get(&number).copied(),
        }
    }

    fn offset(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.base)?).ok()
    }

    /// Widens the array to that number, unless it would become far longer than what is in it.
    fn reach(&mut self, number: u64) -> bool {
        let span_max = SPAN_MIN + SPAN_PART * self.count;
        if self.near.is_empty() {
            self.base = number;
        }
        let Some(offset) = self.offset(number) else {
            let before = usize::try_from(self.base - number).unwrap_or(usize::MAX);
            if before.saturating_add(self.near.len()) > span_max {
                return false;
            }
            (0..before).for_each(|_| self.near.push_front(0));
            self.base = number;
            return true;
        };
        if offset >= span_max {
            return false;
        }
        if offset >= self.near.len() {
            self.near.resize(offset + 1, 0);
        }
        true
    }

    /// Has the array where most of what is new is: what was in it moves to the map.
    fn begin_at(&mut self, number: u64) {
        for (known, near) in (self.base..).zip(self.near.drain(..)) {
            if near > 0 {
                self.far.insert(known, near - 1);
            }
        }
        (self.base, self.count) = (number, 0);
        self.near.push_back(0);
    }

    /// Gives up the front of the array, where nothing is any more.
    fn close_up(&mut self) {
        while self.near.front() == Some(&0) {
            self.near.pop_front();
            self.base += 1;
        }
    }
}

/// Numbers that the array may span, and how many more for each in it.
const SPAN_MIN: usize = 1024;
const SPAN_PART: usize = 64;
/// Length of an array whose memory is kept.
const IDLE_CAPACITY_MAX: usize = 262_144;

#[cfg(test)]
mod tests;
