//! The namespace of a tenant: its subscriptions and retained messages. Tenants never meet.

use std::sync::Arc;

use tidegate_routing::{Config as RoutingConfig, RetainedStore, Router};

use crate::session_handle::SessionSubscriber;

/// Names a tenant; unique in the process. Sessions have the id, not the tenant itself, which refers to sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId(pub u32);

/// One tenant's topics.
pub struct Tenant {
    id: TenantId,
    name: Arc<str>,
    /// Its subscriptions.
    pub router: Router<SessionSubscriber>,
    /// Its retained messages.
    pub retained: RetainedStore,
}

/// All tenants. There is one at present.
pub(crate) struct Tenants {
    default: Arc<Tenant>,
}

impl Tenant {
    /// A tenant without subscriptions; `id` is unique in the process.
    #[must_use]
    pub fn new(id: TenantId, name: Arc<str>, routing: RoutingConfig, retained: RetainedStore) -> Self {
        Self { id, name, router: Router::new(routing), retained }
    }

    /// Its id, for keys of caches.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
}

impl Tenants {
    /// One tenant, to which every client belongs.
    pub(crate) fn only(tenant: Tenant) -> Self {
        Self { default: Arc::new(tenant) }
    }

    /// The tenant of clients that no rule assigns to another.
    pub(crate) fn default_tenant(&self) -> &Arc<Tenant> {
        &self.default
    }

    /// The tenant with that id.
    pub(crate) fn get(&self, id: TenantId) -> &Arc<Tenant> {
        debug_assert_eq!(id, self.default.id, "sessions belong to tenants that exist");
        &self.default
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        std::iter::once(&self.default)
    }
}
