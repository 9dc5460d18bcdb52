//! The broker: sessions, topics and the rules by which messages pass between them. Knows no sockets.

mod lifecycle;
mod publish;
mod realm;
mod registry;
mod replays;
mod run;
mod seat;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tidegate_routing::{Config as RoutingConfig, RetainedConfig};
use tidegate_session::Config as SessionConfig;

pub use lifecycle::{Attachment, LinkFacts};
pub use publish::Published;
pub use realm::Realm;
pub use registry::Registry;
pub use replays::Replays;
pub use run::{Plain, Run};
pub use seat::{Line, Member, Seat, SessionKey, State};

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
}

impl Broker {
    /// A broker without sessions.
    #[must_use]
    pub fn new(config: BrokerConfig, cores: Arc<Cores>) -> Self {
        let realm = Arc::new(Realm::new(
            1,
            Arc::from(DEFAULT_TENANT),
            config.routing.clone(),
            config.retained.clone(),
        ));
        Self {
            config,
            cores,
            realm,
            registry: Registry::default(),
            session_ids: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
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

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn next_session_id(&self) -> u64 {
        self.session_ids.fetch_add(1, Ordering::Relaxed)
    }
}

/// The tenant of clients that no rule assigns to another.
const DEFAULT_TENANT: &str = "default";

#[cfg(test)]
mod tests;
