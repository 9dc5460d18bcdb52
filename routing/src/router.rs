//! The router: holds the subscriptions and builds routes. A lock serializes changes; building a route takes no lock.

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

/// Finds the receivers of a message by its topic. All methods take `&self`; share the router in an `Arc`.
///
/// # Examples
///
/// ```
/// use tidegate_mqtt::QoS;
/// use tidegate_mqtt::topic::SubscriptionFilter;
/// use tidegate_routing::{Config, Grant, Router, Subscriber};
///
/// #[derive(Clone)]
/// struct SessionId(u64);
///
/// impl Subscriber for SessionId {
///     fn id(&self) -> u64 {
///         self.0
///     }
/// }
///
/// let router = Router::new(Config::default());
/// let filter = SubscriptionFilter::parse("rooms/+/temperature")?;
/// let grant =
///     Grant { qos: QoS::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };
/// router.subscribe(&filter, SessionId(7), grant)?;
///
/// let route = router.route("rooms/1/temperature");
/// assert_eq!(route.deliveries.len(), 1);
/// assert_eq!(route.deliveries[0].subscriber.id(), 7);
/// assert!(router.route("rooms/1/humidity").deliveries.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Router<S> {
    config: Config,
    trie: Trie<S>,
    groups: HashMap<SubscriptionFilter, Arc<Group<S>>>,
    /// The lock that serializes changes.
    writer: Mutex<WriterState>,
    generation: AtomicU64,
    filter_count: AtomicUsize,
    subscription_count: AtomicUsize,
}

/// Whether the subscription replaced an earlier subscription of the same session to the same filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Existed(pub bool);

/// State that only changes use. The lock that serializes changes protects this state.
#[derive(Default)]
struct WriterState {
    last_group_serial: u64,
}

impl<S: Subscriber> Router<S> {
    /// Creates a router without subscriptions.
    pub fn new(config: Config) -> Self {
        Self {
            trie: Trie::new(config.levels_max),
            config,
            groups: HashMap::new(),
            writer: Mutex::default(),
            generation: AtomicU64::new(0),
            filter_count: AtomicUsize::new(0),
            subscription_count: AtomicUsize::new(0),
        }
    }

    /// Returns the generation: a number that identifies the current state of the routing table. The generation changes
    /// after each change of subscriptions, once [`Self::route`] returns the new state. Read the generation before
    /// building a route: the route is valid as long as the generation stays the same.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the number of distinct filters with subscriptions. A shared filter counts separately for each group.
    pub fn filters(&self) -> usize {
        self.filter_count.load(Ordering::Relaxed)
    }

    /// Returns the number of subscriptions: one per session and filter.
    pub fn subscriptions(&self) -> usize {
        self.subscription_count.load(Ordering::Relaxed)
    }

    /// Frees the entries that this thread's changes have replaced and that no reader still uses. Without this call, a
    /// few dozen replaced entries per thread stay allocated, with the session handles in them, until the thread makes
    /// more changes.
    pub fn reclaim(&self) {
        self.trie.reclaim();
        self.groups.guard().flush();
    }
}
