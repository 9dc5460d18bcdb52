//! The broker: sessions, topics and the rules by which messages pass between them. Knows no sockets.

mod attach;
mod gate;
mod keep;
mod lifecycle;
mod line;
mod publish;
mod realm;
mod registry;
mod replays;
mod run;
mod seat;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Config as RoutingConfig, Grant, RetainedConfig, RetainedStore, SubscribeError};
use tidegate_session::{Config as SessionConfig, Terms};

pub use attach::{Attachment, LinkFacts};
pub use keep::{Following, Keeper, RestoreError};
pub use line::Line;
pub use publish::Published;
pub use realm::Realm;
pub use registry::Registry;
pub use replays::Replays;
pub use run::{Plain, Run, RunLists, emptied};
pub use seat::{Member, Seat, SessionKey, State};

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
    realm: Arc<Realm>,
    registry: Registry,
    session_ids: AtomicU64,
    stopping: AtomicBool,
    /// None when nothing is kept beyond the process.
    keeper: Option<Keeper>,
}

impl Broker {
    /// A broker without sessions. With a keeper, what it kept comes by [`Broker::restore`].
    #[must_use]
    pub fn new(config: BrokerConfig, cores: Arc<Cores>, keeper: Option<Keeper>) -> Self {
        let tenant = Arc::from(DEFAULT_TENANT);
        let mut retained = RetainedStore::new(config.retained.clone());
        if let Some(keeper) = &keeper {
            retained = retained.telling(keeper.forgets_retained(&tenant));
        }
        let realm = Arc::new(Realm::new(1, tenant, config.routing.clone(), retained));
        Self {
            config,
            cores,
            realm,
            registry: Registry::default(),
            session_ids: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
            keeper,
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
    pub fn realm(&self) -> &Arc<Realm> {
        &self.realm
    }

    /// Puts a session's subscription into the routing table.
    ///
    /// # Errors
    /// The bound that stands against it.
    pub fn route(
        &self,
        seat: &Arc<Seat>,
        filter: &SubscriptionFilter,
        terms: &Terms,
    ) -> Result<(), SubscribeError> {
        let grant = Grant {
            qos: terms.options.qos,
            no_local: terms.options.no_local,
            retain_as_published: terms.options.retain_as_published,
            identifier: terms.identifier.and_then(NonZeroU32::new),
        };
        seat.realm().router.subscribe(filter, Member(Arc::clone(seat)), grant).map(|_| ())
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// What tells the store of changes; none when nothing is kept beyond the process.
    #[must_use]
    pub fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    fn next_session_id(&self) -> u64 {
        let fresh = || self.session_ids.fetch_add(1, Ordering::Relaxed);
        self.keeper.as_ref().map_or_else(fresh, Keeper::next_session)
    }
}

/// The tenant of clients that no rule assigns to another.
const DEFAULT_TENANT: &str = "default";

#[cfg(test)]
mod tests;
