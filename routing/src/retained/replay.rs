//! Replay of the retained messages that match a filter, in steps whose size the caller chooses.

use std::borrow::Borrow;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Message;
use tidegate_mqtt::topic::Filter;

use super::cursor::{Cursor, ResumePoint};
use super::key::Key;
use super::pattern::{Next, Pattern};
use super::shard::Shard;
use super::{RetainedStore, SHARD_COUNT};

impl RetainedStore {
    /// Starts a replay of all messages that match `filter`. Call [`Self::next`] to get the messages.
    pub fn cursor(filter: &Filter) -> Cursor {
        Cursor::new(filter)
    }

    /// Returns false if no message matches `filter`, so that a replay would find nothing. Returns true if a message may
    /// match. The caller may skip the replay after false: a message set after this call reaches every subscriber that
    /// was in the routing table before the call.
    pub fn may_match(&self, filter: &Filter) -> bool {
        if !filter.has_wildcards() {
            return self.get(filter).is_some();
        }
        let pattern = Pattern::from_filter(filter);
        let Some(first) = pattern.first_literal() else {
            return self.shards.iter().any(|shard| !shard.read().is_empty());
        };
        let start = pattern.first_key();
        let Some(shard) = self.shards.get(self.shard_index_of_level(first)) else { return false };
        let shard = shard.read();
        let mut following = shard.range::<[u8], _>((Bound::Included(&*start), Bound::Unbounded));
        following.next().is_some_and(|(key, _)| Borrow::<[u8]>::borrow(key).starts_with(&start))
    }

    /// Returns the next messages, at most `max`. An empty result does not mean that the replay has ended, because one
    /// call examines at most `max` plus a fixed number of topics: check [`Cursor::is_done`]. Expired messages are not
    /// returned, but removed.
    pub fn next(&self, cursor: &mut Cursor, max: usize, now: Instant) -> Vec<Arc<Message>> {
        let mut found = Vec::new();
        self.visit_next(cursor, max, now, |message| {
            found.push(Arc::clone(message));
            true
        });
        found
    }

    /// Like [`Self::next`], but passes the messages to `take`, at most `max` of them, until `take` returns false. While
    /// `take` runs, no message of a topic in the same shard can be set.
    pub fn visit_next(
        &self,
        cursor: &mut Cursor,
        max: usize,
        now: Instant,
        mut take: impl FnMut(&Arc<Message>) -> bool,
    ) {
        let mut call = ReplayCall {
            take: &mut take,
            messages_left: max,
            expired: Vec::new(),
            topics_left: max.saturating_add(EXTRA_VISITS_MAX),
            now,
        };
        while !cursor.is_done && call.has_budget() {
            self.visit_shard(cursor, &mut call);
        }
    }

    /// Continues the replay in the cursor's current shard.
    fn visit_shard(&self, cursor: &mut Cursor, call: &mut ReplayCall) {
        let Some(shard) = self.shard_at(cursor).and_then(|index| self.shards.get(index)) else {
            cursor.is_done = true;
            return;
        };
        call.topics_left -= 1;
        if call.walk_shard(&shard.read(), cursor) {
            cursor.leave_shard();
        }
        for (key, message) in call.expired.drain(..) {
            self.remove_if_current(&mut shard.write(), &key, &message);
        }
    }

    /// Returns the index of the cursor's current shard. A filter with a literal first level needs one shard, other
    /// filters need all shards.
    fn shard_at(&self, cursor: &Cursor) -> Option<usize> {
        match cursor.pattern.first_literal() {
            Some(first) => (cursor.shards_done == 0).then(|| self.shard_index_of_level(first)),
            None => u64::try_from(cursor.shards_done)
                .is_ok_and(|shard| shard < SHARD_COUNT)
                .then_some(cursor.shards_done),
        }
    }

    /// Removes an expired message unless another message has replaced it. Returns whether the message was removed.
    pub(super) fn remove_if_current(&self, shard: &mut Shard, key: &Key, message: &Arc<Message>) -> bool {
        let removed =
            shard.get(key).is_some_and(|held| Arc::ptr_eq(held, message)) && self.remove_message(shard, key);
        if let Some(expiry_handler) = self.expiry_handler.as_deref().filter(|_| removed) {
            expiry_handler(message);
        }
        removed
    }
}

/// The state of one call of [`RetainedStore::visit_next`].
struct ReplayCall<'t> {
    take: &'t mut dyn FnMut(&Arc<Message>) -> bool,
    /// Number of messages that this call may still pass to `take`.
    messages_left: usize,
    /// Expired messages found by this call, which are still to be removed.
    expired: Vec<(Key, Arc<Message>)>,
    /// Number of topics that this call may still examine.
    topics_left: usize,
    now: Instant,
}

impl ReplayCall<'_> {
    fn has_budget(&self) -> bool {
        self.topics_left > 0 && self.messages_left > 0
    }

    /// Passes on the matching messages of one shard. Returns whether the end of the shard was reached.
    fn walk_shard(&mut self, shard: &Shard, cursor: &mut Cursor) -> bool {
        let mut range = shard.range::<[u8], _>((cursor.resume_point.bound(), Bound::Unbounded));
        let mut last = None;
        while self.has_budget() {
            let Some((key, message)) = range.next() else { return true };
            self.topics_left -= 1;
            let key_match = cursor.pattern.match_key(key.borrow());
            if key_match.matches {
                self.pass_on(key, message);
            }
            match key_match.next {
                Next::Nothing => return true,
                Next::Following => last = Some(key),
                Next::Seek(target) => {
                    last = None;
                    cursor.resume_point = ResumePoint::AtOrAfter(target);
                    range = shard.range::<[u8], _>((cursor.resume_point.bound(), Bound::Unbounded));
                }
            }
        }
        if let Some(last) = last {
            cursor.resume_point = ResumePoint::After(Borrow::<[u8]>::borrow(last).to_vec());
        }
        false
    }

    fn pass_on(&mut self, key: &Key, message: &Arc<Message>) {
        if message.is_expired(self.now) {
            self.expired.push((key.clone(), Arc::clone(message)));
        } else {
            let more = (self.take)(message);
            self.messages_left = if more { self.messages_left - 1 } else { 0 };
        }
    }
}

/// Maximum number of topics that one call examines in addition to the number of messages that it may pass on. A filter
/// may match few of very many topics; the next call continues after them.
const EXTRA_VISITS_MAX: usize = 256;
