//! The settings of a broker.

use std::sync::Arc;

use tidegate_routing::{Config as RoutingConfig, RetainedConfig};
use tidegate_session::Config as SessionConfig;

/// The settings of a broker.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Limits and capabilities of sessions. Those of a connection may be stricter, see
    /// [`crate::Broker::begin_connect`].
    pub session: Arc<SessionConfig>,
    /// Whether connections may have the overflow policy `reject` although [`Self::session`] has another policy.
    pub has_rejecting_listener: bool,
    /// Bounds and strategies of routing.
    pub routing: RoutingConfig,
    /// Bounds of each tenant's retained messages.
    pub retained: RetainedConfig,
    /// Maximum number of tenants. Cost: 16 bytes for each, used or not.
    pub tenants_max: usize,
    /// Maximum work of one turn; one unit is about one copy of a message to one session. A publish that costs more
    /// continues in further turns.
    pub turn_budget: u32,
}

impl BrokerConfig {
    /// The default of [`Self::turn_budget`]: one or two milliseconds of work.
    pub const TURN_BUDGET: u32 = 4096;
    /// The default of [`Self::tenants_max`].
    pub const TENANTS_MAX: usize = 1024;
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            session: Arc::default(),
            has_rejecting_listener: false,
            routing: RoutingConfig::default(),
            retained: RetainedConfig::default(),
            tenants_max: Self::TENANTS_MAX,
            turn_budget: Self::TURN_BUDGET,
        }
    }
}
