//! What the file says about routing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Count;

/// How messages find their receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// Which member of a shared subscription gets a message. Default `round_robin`.
    pub shared_strategy: SharedStrategy,
    /// Topic levels a topic or filter may have; deeper ones are refused. Default 128. Each level of a filter costs
    /// one entry of the routing table, each level of a topic one look-up a message.
    pub levels_max: Count<1, 65_536>,
    /// Single-level wildcards (`+`) a filter may have; filters with more are refused. Default 16. One match visits
    /// at most two nodes to the power of this number.
    pub wildcards_max: Count<0, 128>,
    /// Subscriptions in all. Default 10000000. Each costs some 220 bytes, the session's part included.
    pub subscriptions_max: Count<1, 1_000_000_000>,
    /// Members of a shared subscription that are looked at for one message; in larger groups the choice is among
    /// as many neighbours. Default 1024. Each look costs some 20 ns.
    pub candidates_max: Count<1, 1_000_000>,
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            shared_strategy: SharedStrategy::default(),
            levels_max: const { Count::of(128) },
            wildcards_max: const { Count::of(16) },
            subscriptions_max: const { Count::of(10_000_000) },
            candidates_max: const { Count::of(1024) },
        }
    }
}

/// Which member of a shared subscription gets a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SharedStrategy {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// Any, at random.
    Random,
    /// The same one for the same publisher while it stays.
    Sticky,
    /// The one with the fewest unacknowledged messages.
    LeastInflight,
}
