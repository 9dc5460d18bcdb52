//! The router: subscriptions in, routes out. Changes come one at a time; routes are built without locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use papaya::{Guard, HashMap};
use parking_lot::Mutex;
use tidegate_mqtt::topic::SubscriptionFilter;

use crate::group::Group;
use crate::trie::Trie;
use crate::{Config, Subscriber};

mod error;
mod find;
mod subscribe;
#[cfg(test)]
mod tests;

pub use error::SubscribeError;

/// Who gets a message, by topic. All methods take `&self`; share it in an `Arc`.
pub struct Router<S> {
    config: Config,
    trie: Trie<S>,
    groups: HashMap<SubscriptionFilter, Arc<Group<S>>>,
    /// One change at a time.
    writer: Mutex<WriterState>,
    generation: AtomicU64,
    filters: AtomicUsize,
    subscriptions: AtomicUsize,
}

/// Whether the subscription replaced an earlier one of the same session to the same filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Existed(pub bool);

/// What only the writer needs.
#[derive(Default)]
struct WriterState {
    next_group: u64,
}

impl<S: Subscriber> Router<S> {
    /// Without subscriptions.
    pub fn new(config: Config) -> Self {
        Self {
            trie: Trie::new(config.levels_max),
            config,
            groups: HashMap::new(),
            writer: Mutex::default(),
            generation: AtomicU64::new(0),
            filters: AtomicUsize::new(0),
            subscriptions: AtomicUsize::new(0),
        }
    }

    /// Different after each change of subscriptions, once the change is visible to [`Self::route`]. Ask before
    /// building a route: the route is good for as long as the number stays.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Different filters subscribed to; a filter shared by a group counts apart.
    pub fn filters(&self) -> usize {
        self.filters.load(Ordering::Relaxed)
    }

    /// Subscriptions: one a session and filter.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.load(Ordering::Relaxed)
    }

    /// Gives back what this thread's changes have replaced, as far as nobody reads it any more. Otherwise some dozens
    /// of replaced entries a thread, with the handles in them, wait for the thread's next changes.
    pub fn reclaim(&self) {
        self.trie.reclaim();
        self.groups.guard().flush();
    }
}
