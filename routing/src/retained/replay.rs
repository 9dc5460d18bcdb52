//! Replay: the retained messages of a filter, paced by the caller.

use std::borrow::Borrow;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Message;
use tidegate_mqtt::topic::Filter;

use super::cursor::{Cursor, Place};
use super::key::Key;
use super::pattern::Next;
use super::shard::Shard;
use super::{RetainedStore, SHARDS};

impl RetainedStore {
    /// A replay of all that matches `filter`, to be taken with [`Self::next`].
    pub fn cursor(filter: &Filter) -> Cursor {
        Cursor::new(filter)
    }

    /// The next messages, at most `max`. None at all says nothing: only [`Cursor::done`] tells the end, because a call
    /// looks at some more than `max` topics, not at all of them. Expired messages are left out and removed.
    pub fn next(&self, cursor: &mut Cursor, max: usize, now: Instant) -> Vec<Arc<Message>> {
        let mut call =
            Call { found: Vec::new(), expired: Vec::new(), max, visits: max.saturating_add(VISITS), now };
        while !cursor.done && call.goes_on() {
            self.visit(cursor, &mut call);
        }
        call.found
    }

    /// Goes on in the cursor's shard.
    fn visit(&self, cursor: &mut Cursor, call: &mut Call) {
        let Some(shard) = self.shard_at(cursor).and_then(|index| self.shards.get(index)) else {
            cursor.done = true;
            return;
        };
        call.visits -= 1;
        if call.take(&shard.read(), cursor) {
            cursor.leave_shard();
        }
        for (key, message) in call.expired.drain(..) {
            self.remove_same(&mut shard.write(), &key, &message);
        }
    }

    /// A filter that begins with a literal level has one shard, others all of them.
    fn shard_at(&self, cursor: &Cursor) -> Option<usize> {
        match cursor.pattern.first() {
            Some(first) => (cursor.shards == 0).then(|| self.shard_of_level(first)),
            None => u64::try_from(cursor.shards).is_ok_and(|shard| shard < SHARDS).then_some(cursor.shards),
        }
    }

    /// Removes an expired message, unless another has taken its place.
    pub(super) fn remove_same(&self, shard: &mut Shard, key: &Key, message: &Arc<Message>) -> bool {
        let removed =
            shard.get(key).is_some_and(|held| Arc::ptr_eq(held, message)) && self.remove(shard, key);
        if let Some(expired) = self.expired.as_deref().filter(|_| removed) {
            expired(message);
        }
        removed
    }
}

/// One call of [`RetainedStore::next`].
struct Call {
    found: Vec<Arc<Message>>,
    expired: Vec<(Key, Arc<Message>)>,
    max: usize,
    /// Topics that may still be looked at.
    visits: usize,
    now: Instant,
}

impl Call {
    fn goes_on(&self) -> bool {
        self.visits > 0 && self.found.len() < self.max
    }

    /// Takes what it may from one shard. True at the shard's end.
    fn take(&mut self, shard: &Shard, cursor: &mut Cursor) -> bool {
        let mut range = shard.range::<[u8], _>((cursor.place.bound(), Bound::Unbounded));
        while self.goes_on() {
            let Some((key, message)) = range.next() else { return true };
            self.visits -= 1;
            let answer = cursor.pattern.judge(key.borrow());
            if answer.matches {
                self.keep(key, message);
            }
            match answer.next {
                Next::Nothing => return true,
                Next::Following => cursor.place = Place::After(Borrow::<[u8]>::borrow(key).to_vec()),
                Next::Seek(target) => {
                    cursor.place = Place::From(target);
                    range = shard.range::<[u8], _>((cursor.place.bound(), Bound::Unbounded));
                }
            }
        }
        false
    }

    fn keep(&mut self, key: &Key, message: &Arc<Message>) {
        if message.is_expired(self.now) {
            self.expired.push((key.clone(), Arc::clone(message)));
        } else {
            self.found.push(Arc::clone(message));
        }
    }
}

/// Topics that a call looks at beyond the messages it may give.
const VISITS: usize = 256;
