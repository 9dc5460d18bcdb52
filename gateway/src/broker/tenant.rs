//! The topic space of one tenant: its subscriptions and retained messages. Tenants never meet.

use std::sync::Arc;

use tidegate_routing::{Config as RoutingConfig, RetainedStore, Router};

use super::session_handle::Member;

/// One tenant's topics.
pub struct Tenant {
    tenant: Arc<str>,
    id: u64,
    /// Who subscribed to what.
    pub router: Router<Member>,
    /// The retained messages.
    pub retained: RetainedStore,
}

impl Tenant {
    /// An empty topic space. `id` is unique in the process.
    #[must_use]
    pub fn new(id: u64, tenant: Arc<str>, routing: RoutingConfig, retained: RetainedStore) -> Self {
        Self { tenant, id, router: Router::new(routing), retained }
    }

    /// The tenant's name.
    #[must_use]
    pub fn tenant(&self) -> &Arc<str> {
        &self.tenant
    }

    /// A number unique in the process, for keys of caches.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }
}
