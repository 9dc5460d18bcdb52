//! Bounds and choices of the router. Those of the retained store are its own.

/// Which member of a shared subscription's group gets a message. All of them prefer members that are online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// One after the other.
    #[default]
    RoundRobin,
    /// Any, by the random number that the caller brings.
    Random,
    /// All messages of one publisher go to the same member for as long as that one is there.
    Sticky,
    /// The member with the fewest messages in flight.
    LeastInflight,
}

/// Bounds of the router.
#[derive(Clone, Debug)]
pub struct Config {
    /// Levels a topic filter may have. Default 128. Bounds the depth of the trie and the work of one match.
    pub levels_max: usize,
    /// Single-level wildcards (`+`) a filter may have. Default 16. Bounds, together with `levels_max`, the ways through
    /// the trie that one topic can take; each costs some 0.3 µs, and there are never more than filters.
    pub wildcards_max: usize,
    /// Subscriptions in all. Default 10 million; each costs some 180 bytes, the filter's text included.
    pub subscriptions_max: usize,
    /// Which member of a group gets a message. Default round robin.
    pub strategy: Strategy,
    /// Members of a group that are looked at for one message. Default 1,024. In larger groups the choice is among
    /// as many neighbours; each look costs some 20 ns.
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
