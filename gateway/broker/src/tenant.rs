//! The namespace of a tenant: its subscriptions and retained messages. Tenants share nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tidegate_limits::Refusal;
use tidegate_routing::{Config as RoutingConfig, RetainedStore, Router};
use tidegate_session::Config as SessionConfig;

use crate::context::{ClientContext, INTERNAL_LISTENER, ListenerContext};
use crate::subscriber::Subscriber;

/// The id of a tenant, unique in the process: a core may work for several brokers in tests, and its route cache then
/// holds routes of all of them. A session holds the id and not the tenant, because the tenant's subscriptions hold the
/// sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId {
    /// The number of the broker in the process.
    broker: u32,
    /// The position of the tenant among those of its broker.
    index: u32,
}

/// A tenant, with its subscriptions and retained messages.
pub struct Tenant {
    id: TenantId,
    name: Arc<str>,
    /// The subscriptions of the tenant.
    pub router: Router<Subscriber>,
    /// The retained messages of the tenant.
    pub retained: RetainedStore,
    /// The context of callers inside the broker, and of restored sessions whose clients have not connected since.
    internal: Arc<ClientContext>,
}

/// All tenants, in the order of their creation; the first is the default tenant. Tenants are never removed, so finding
/// one takes no lock.
pub(crate) struct Tenants {
    /// The number of the broker in the process.
    broker: u32,
    slots: Box<[OnceLock<Arc<Tenant>>]>,
    /// Held while a tenant is created.
    creating: Mutex<()>,
    create: Box<dyn Fn(TenantId, Arc<str>) -> Tenant + Send + Sync>,
}

impl TenantId {
    /// Returns a number that no other tenant of the process has.
    #[must_use]
    pub fn number(self) -> u64 {
        u64::from(self.broker) << 32 | u64::from(self.index)
    }

    /// Returns the position of the tenant among those of its broker; 0 for the default tenant.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }
}

impl Tenant {
    /// Creates a tenant without subscriptions. `id` must be unique in the process.
    #[must_use]
    pub fn new(
        id: TenantId,
        name: Arc<str>,
        routing: RoutingConfig,
        retained: RetainedStore,
        limits: Arc<SessionConfig>,
    ) -> Self {
        let listener = Arc::new(ListenerContext { name: INTERNAL_LISTENER.into(), limits });
        let internal = Arc::new(ClientContext {
            tenant: id,
            client_id: Arc::from(""),
            principal: None,
            peer: None,
            listener,
        });
        Self { id, name, router: Router::new(routing), retained, internal }
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

    /// Returns the context of callers inside the broker, which act for this tenant.
    #[must_use]
    pub fn internal_context(&self) -> &Arc<ClientContext> {
        &self.internal
    }
}

impl Tenants {
    /// Creates the default tenant. `create` creates further tenants, at most `max` in total (at least one).
    pub(crate) fn new(
        max: usize,
        create: impl Fn(TenantId, Arc<str>) -> Tenant + Send + Sync + 'static,
    ) -> Self {
        static NEXT_BROKER: AtomicU32 = AtomicU32::new(1);
        let broker = NEXT_BROKER.fetch_add(1, Ordering::Relaxed);
        let slots: Box<[_]> = (0..max.max(1)).map(|_| OnceLock::new()).collect();
        let tenants = Self { broker, slots, creating: Mutex::new(()), create: Box::new(create) };
        // There is room for one tenant.
        let _ = tenants.get_or_create(DEFAULT_TENANT);
        tenants
    }

    /// Returns the tenant of clients that no rule assigns to another.
    pub(crate) fn default_tenant(&self) -> &Arc<Tenant> {
        self.at(0)
    }

    /// Returns the tenant with this id.
    pub(crate) fn get(&self, id: TenantId) -> &Arc<Tenant> {
        debug_assert_eq!(id.broker, self.broker, "sessions belong to tenants of their broker");
        self.at(id.index())
    }

    /// Returns all tenants.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> + Clone {
        self.slots.iter().map_while(OnceLock::get)
    }

    /// Returns the tenant with this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.iter().find(|tenant| &*tenant.name == name)
    }

    /// Returns the tenant with this name. Creates it if it does not exist.
    ///
    /// # Errors
    /// [`Refusal::QuotaExceeded`] if the maximum number of tenants exists.
    pub(crate) fn get_or_create(&self, name: &str) -> Result<&Arc<Tenant>, Refusal> {
        if let Some(tenant) = self.find(name) {
            return Ok(tenant);
        }
        let _creating = self.creating.lock();
        if let Some(tenant) = self.find(name) {
            return Ok(tenant);
        }
        let free = self.slots.iter().enumerate().find(|(_, slot)| slot.get().is_none());
        let (index, slot) = free.ok_or(Refusal::QuotaExceeded)?;
        let id = TenantId { broker: self.broker, index: u32::try_from(index).unwrap_or(u32::MAX) };
        Ok(slot.get_or_init(|| Arc::new((self.create)(id, Arc::from(name)))))
    }

    fn at(&self, index: usize) -> &Arc<Tenant> {
        let tenant = self.slots.get(index).and_then(OnceLock::get);
        let Some(tenant) = tenant else { unreachable!("a tenant exists before its id") };
        tenant
    }
}

/// Name of the tenant of clients that no rule assigns to another tenant.
const DEFAULT_TENANT: &str = "default";
