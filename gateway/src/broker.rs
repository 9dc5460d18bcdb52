//! The broker: sessions, topics and the rules by which messages pass between them. Knows no sockets.

mod attach;
mod commit_wait;
mod connection_handle;
mod lifecycle;
mod publish;
mod publish_batch;
mod registry;
mod replays;
mod session_handle;
mod session_store;
mod tenant;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Config as RoutingConfig, Grant, RetainedConfig, RetainedStore, SubscribeError};
use tidegate_session::{Config as SessionConfig, GrantedOptions};

pub use attach::{Attachment, LinkFacts};
pub use connection_handle::ConnectionHandle;
pub use publish::Published;
pub use publish_batch::{BatchLists, PublishBatch, RawFrames, emptied};
pub use registry::Registry;
pub use replays::Replays;
pub use session_handle::{Member, SessionHandle, SessionKey, State};
pub use session_store::{RestoreError, SessionStore, StoreScratch};
pub use tenant::Tenant;

use crate::cores::Cores;

/// What the broker is set to.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Bounds and capabilities of sessions.
    pub session: Arc<SessionConfig>,
    /// Bounds and strategies of routing.
    pub routing: RoutingConfig,
    /// Bounds of each tenant's retained messages.
    pub retained: RetainedConfig,
}

/// The state that all connections share.
pub struct Broker {
    config: BrokerConfig,
    cores: Arc<Cores>,
    tenant: Arc<Tenant>,
    registry: Registry,
    session_ids: AtomicU64,
    stopping: AtomicBool,
    /// None when nothing is kept beyond the process.
    store: Option<SessionStore>,
}

impl Broker {
    /// A broker without sessions. With a keeper, what it kept comes by [`Broker::restore`].
    #[must_use]
    pub fn new(config: BrokerConfig, cores: Arc<Cores>, store: Option<SessionStore>) -> Self {
        let tenant = Arc::from(DEFAULT_TENANT);
        let mut retained = RetainedStore::new(config.retained.clone());
        if let Some(store) = &store {
            retained = retained.telling(store.forgets_retained(&tenant));
        }
        let tenant = Arc::new(Tenant::new(1, tenant, config.routing.clone(), retained));
        Self {
            config,
            cores,
            tenant,
            registry: Registry::default(),
            session_ids: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
            store,
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &BrokerConfig {
        &self.config
    }

    /// The cores that carry the traffic.
    #[must_use]
    pub fn cores(&self) -> &Cores {
        &self.cores
    }

    /// The sessions.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The topic space of anonymous clients.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Puts a session's subscription into the routing table.
    ///
    /// # Errors
    /// The bound that stands against it.
    pub fn route(
        &self,
        handle: &Arc<SessionHandle>,
        filter: &SubscriptionFilter,
        terms: &GrantedOptions,
    ) -> Result<(), SubscribeError> {
        let grant = Grant {
            qos: terms.options.qos,
            no_local: terms.options.no_local,
            retain_as_published: terms.options.retain_as_published,
            identifier: terms.identifier.and_then(NonZeroU32::new),
        };
        handle.tenant().router.subscribe(filter, Member(Arc::clone(handle)), grant).map(|_| ())
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// What tells the store of changes; none when nothing is kept beyond the process.
    #[must_use]
    pub fn store(&self) -> Option<&SessionStore> {
        self.store.as_ref()
    }

    fn next_session_id(&self) -> u64 {
        let fresh = || self.session_ids.fetch_add(1, Ordering::Relaxed);
        self.store.as_ref().map_or_else(fresh, SessionStore::next_session)
    }
}

/// The tenant of clients that no rule assigns to another.
const DEFAULT_TENANT: &str = "default";

#[cfg(test)]
mod tests;
