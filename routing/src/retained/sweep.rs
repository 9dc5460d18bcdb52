//! The sweep: removes expired messages that no replay has found.

use std::borrow::Borrow;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Message;

use super::RetainedStore;
use super::key::Key;
use super::shard::Shard;

/// The point at which the next sweep continues.
#[derive(Default)]
pub(super) struct SweepPosition {
    /// Index of the shard.
    shard: usize,
    /// The last examined key of the shard; `None` at its beginning.
    after: Option<Key>,
}

impl RetainedStore {
    /// Examines the next `max` topics, continuing where the previous sweep stopped, and removes expired messages. After
    /// the last shard, the sweep continues with the first shard. Returns the number of removed messages.
    pub fn sweep(&self, now: Instant, max: usize) -> usize {
        let mut position = self.sweep_position.lock();
        let mut left = max.min(self.len().max(1));
        let mut removed = 0;
        for _ in 0..=self.shards.len() {
            let Some(shard) = self.shards.get(position.shard) else { break };
            let scan = scan(&shard.read(), position.after.as_ref(), left, now);
            left -= scan.examined;
            if !scan.expired.is_empty() {
                let mut shard = shard.write();
                let gone = scan
                    .expired
                    .iter()
                    .filter(|(key, message)| self.remove_if_current(&mut shard, key, message));
                removed += gone.count();
            }
            position.after = scan.last;
            if left == 0 {
                break;
            }
            position.after = None;
            position.shard = (position.shard + 1) % self.shards.len();
        }
        removed
    }
}

/// The result of examining some topics of one shard.
struct Scan {
    expired: Vec<(Key, Arc<Message>)>,
    examined: usize,
    /// The last examined key.
    last: Option<Key>,
}

fn scan(shard: &Shard, after: Option<&Key>, max: usize, now: Instant) -> Scan {
    let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(Borrow::<[u8]>::borrow(key)));
    let mut scan = Scan { expired: Vec::new(), examined: 0, last: None };
    let mut last = None;
    for (key, message) in shard.range::<[u8], _>((from, Bound::Unbounded)).take(max) {
        scan.examined += 1;
        last = Some(key);
        if message.is_expired(now) {
            scan.expired.push((key.clone(), Arc::clone(message)));
        }
    }
    scan.last = last.or(after).cloned();
    scan
}
