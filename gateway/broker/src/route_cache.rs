//! The routes of topics to which connections of this core have recently published. A route is valid for one generation
//! of the routing table.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;
use tidegate_routing::Route;

use crate::subscriber::Subscriber;
use crate::tenant::{Tenant, TenantId};

/// A direct-mapped cache: the hash of a topic selects one slot, which holds the latest topic with this hash.
#[derive(Default)]
pub struct RouteCache {
    slots: Vec<Option<Entry>>,
    /// See [`Self::receiver`].
    receiver: Option<u64>,
}

struct Entry {
    tenant: TenantId,
    /// The generation of the routing table for which the route is valid.
    generation: u64,
    topic: Box<str>,
    route: Arc<Route<Subscriber>>,
}

impl RouteCache {
    /// Returns the current receivers of messages to `topic`.
    pub(crate) fn route(&mut self, tenant: &Tenant, topic: &str) -> Arc<Route<Subscriber>> {
        let route = self.find(tenant, topic);
        let first = route.deliveries.first().and_then(|delivery| delivery.subscriber.session());
        self.receiver = first.map(|session| session.id());
        route
    }

    /// Returns the id of the session that comes first on the route that `route` returned last; `None` if the first
    /// subscriber is not a session.
    #[must_use]
    pub fn receiver(&self) -> Option<u64> {
        self.receiver
    }

    fn find(&mut self, tenant: &Tenant, topic: &str) -> Arc<Route<Subscriber>> {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOT_COUNT, || None);
        }
        let generation = tenant.router.generation();
        let slot = Self::slot(tenant.id(), topic);
        let Some(slot) = self.slots.get_mut(slot) else {
            unreachable!("an index is below the number of slots")
        };
        if let Some(entry) = slot.as_ref().filter(|entry| entry.holds(tenant.id(), generation, topic)) {
            return Arc::clone(&entry.route);
        }
        let route = Arc::new(tenant.router.route(topic));
        let small = route.deliveries.len() <= ROUTE_LEN_MAX;
        *slot = small.then(|| Entry {
            tenant: tenant.id(),
            generation,
            topic: topic.into(),
            route: Arc::clone(&route),
        });
        route
    }

    fn slot(tenant: TenantId, topic: &str) -> usize {
        let mut hasher = FxHasher::default();
        (tenant, topic).hash(&mut hasher);
        usize::try_from(hasher.finish() >> 32).unwrap_or(0) % SLOT_COUNT
    }
}

impl Entry {
    fn holds(&self, tenant: TenantId, generation: u64, topic: &str) -> bool {
        self.generation == generation && self.tenant == tenant && *self.topic == *topic
    }
}

/// Number of slots of the cache. Topics that share a slot replace each other, and are then looked up in the trie. Each
/// core has a cache of its own, which is allocated when the core first publishes.
const SLOT_COUNT: usize = 1024;
/// Maximum number of receivers of a cached route. A longer route is matched again each time, because delivering its
/// messages costs far more than matching.
const ROUTE_LEN_MAX: usize = 4096;
