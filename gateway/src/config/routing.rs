//! Settings of routing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Count;

/// Routing of messages to subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// How the member of a shared subscription that receives a message is selected. Default `round_robin`.
    pub shared_strategy: SharedStrategy,
    /// Maximum number of levels of a topic or filter; topics and filters with more levels are refused. Default 128.
    /// Each level of a filter uses one entry in the routing table, each level of a topic costs one lookup per message.
    pub levels_max: Count<1, 65_536>,
    /// Maximum number of single-level wildcards (`+`) in a filter; filters with more are refused. Default 16. With n
    /// wildcards allowed, matching a topic may visit up to 2^n nodes.
    pub wildcards_max: Count<0, 128>,
    /// Maximum number of subscriptions of all sessions. Default 10000000. Each subscription uses about 220
    /// bytes, including the session's part.
    pub subscriptions_max: Count<1, 1_000_000_000>,
    /// Maximum number of members of a shared subscription that are considered for one message. If there are more
    /// members, the choice is among this many adjacent members. Default 1024. Considering a member takes about 20 ns.
    pub candidates_max: Count<1, 1_000_000>,
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            shared_strategy: SharedStrategy::default(),
            levels_max: const { Count::new(128) },
            wildcards_max: const { Count::new(16) },
            subscriptions_max: const { Count::new(10_000_000) },
            candidates_max: const { Count::new(1024) },
        }
    }
}

/// How the member of a shared subscription that receives a message is selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SharedStrategy {
    /// Each member in turn.
    #[default]
    RoundRobin,
    /// A random member.
    Random,
    /// Always the same member for the same publisher, while that member is subscribed.
    Sticky,
    /// The member with the fewest unacknowledged messages.
    LeastInflight,
}
