//! Bounds and options of the router. The retained store has its own configuration.

/// How the router chooses the member of a shared subscription's group that receives a message. Every strategy prefers
/// members that are online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// The members receive messages in turn.
    #[default]
    RoundRobin,
    /// A random member is chosen. The caller supplies the random number.
    Random,
    /// All messages of one publisher go to the same member as long as that member stays in the group.
    Sticky,
    /// The member with the fewest messages in flight.
    LeastInflight,
}

/// Bounds and options of the router.
#[derive(Clone, Debug)]
pub struct Config {
    /// Maximum number of levels of a topic filter. Default 128. Bounds the depth of the trie and the work of one match.
    pub levels_max: usize,
    /// Maximum number of single-level wildcards (`+`) in a filter. Default 16. Together with `levels_max`, this limits
    /// the number of paths that a match follows through the trie. Each path costs about 0.3 µs, and there are never
    /// more paths than filters.
    pub wildcards_max: usize,
    /// Maximum number of subscriptions. Default 10 million. Each subscription needs about 180 bytes, including the text
    /// of its filter.
    pub subscriptions_max: usize,
    /// How the member of a group that receives a message is chosen. Default: [`Strategy::RoundRobin`].
    pub strategy: Strategy,
    /// Maximum number of group members examined for one message. Default 1,024. In a larger group, the member is chosen
    /// among this many neighbouring members. Each examined member costs about 20 ns.
    pub candidates_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            levels_max: 128,
            wildcards_max: 16,
            subscriptions_max: 10_000_000,
            strategy: Strategy::default(),
            candidates_max: 1024,
        }
    }
}
