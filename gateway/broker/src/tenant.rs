//! The namespace of a tenant: its subscriptions and retained messages. Tenants share nothing.

use std::sync::Arc;

use tidegate_routing::{Config as RoutingConfig, RetainedStore, Router};

use crate::session_handle::SessionSubscriber;

/// The id of a tenant, unique in the process. A session holds the id and not the tenant, because the tenant's
/// subscriptions hold the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId(pub u32);

/// A tenant, with its subscriptions and retained messages.
pub struct Tenant {
    id: TenantId,
    name: Arc<str>,
    /// The subscriptions of the tenant.
    pub router: Router<SessionSubscriber>,
    /// The retained messages of the tenant.
    pub retained: RetainedStore,
}

/// All tenants. Currently there is only the default tenant.
pub(crate) struct Tenants {
    default: Arc<Tenant>,
}

impl Tenant {
    /// Creates a tenant without subscriptions. `id` must be unique in the process.
    #[must_use]
    pub fn new(id: TenantId, name: Arc<str>, routing: RoutingConfig, retained: RetainedStore) -> Self {
        Self { id, name, router: Router::new(routing), retained }
    }

    /// Returns the tenant's id, which is a key in caches.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// Returns the tenant's name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
}

impl Tenants {
    /// Creates a set of one tenant, to which every client belongs.
    pub(crate) fn only(tenant: Tenant) -> Self {
        Self { default: Arc::new(tenant) }
    }

    /// Returns the tenant of clients that no rule assigns to another.
    pub(crate) fn default_tenant(&self) -> &Arc<Tenant> {
        &self.default
    }

    /// Returns the tenant with this id.
    pub(crate) fn get(&self, id: TenantId) -> &Arc<Tenant> {
        debug_assert_eq!(id, self.default.id, "sessions belong to tenants that exist");
        &self.default
    }

    /// Returns all tenants.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        std::iter::once(&self.default)
    }
}
