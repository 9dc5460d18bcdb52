//! Bounds and options of the router: the settings of the section `routing`. The retained store has its own settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_limits::units::Count;

/// How the member of a shared subscription that receives a message is selected. Every strategy prefers members that are
/// online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SharedStrategy")]
#[non_exhaustive]
pub enum Strategy {
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

tidegate_limits::settings! {
    /// Routing of messages to subscribers.
    pub struct Config, given as Section, named "Routing" {
        /// How the member of a shared subscription that receives a message is selected. Default `round_robin`.
        pub shared_strategy: Strategy as Strategy = Strategy::RoundRobin;
        /// Maximum number of levels of a topic or filter; topics and filters with more levels are refused. Default 128.
        /// Each level of a filter uses one entry in the routing table, each level of a topic costs one lookup per
        /// message.
        pub levels_max: usize as Count<1, 65_536> = Count::new(128);
        /// Maximum number of single-level wildcards (`+`) in a filter; filters with more are refused. Default 16. With
        /// n wildcards allowed, matching a topic may follow up to 2^n paths, but never more than there are filters.
        /// Each path takes about 0.3 µs.
        pub wildcards_max: usize as Count<0, 128> = Count::new(16);
        /// Maximum number of subscriptions of all sessions. Default 10000000. Each uses about 220 bytes, including the
        /// session's part.
        pub subscriptions_max: usize as Count<1, 1_000_000_000> = Count::new(10_000_000);
        /// Maximum number of members of a shared subscription that are considered for one message. If there are more
        /// members, the choice is among this many adjacent members. Default 1024. Considering a member takes about 20
        /// ns.
        pub candidates_max: usize as Count<1, 1_000_000> = Count::new(1024);
    }
}
