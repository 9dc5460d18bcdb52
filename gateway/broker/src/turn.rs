//! What a verb works with: time, randomness, a budget, and the space that one core keeps between turns.

use std::sync::Arc;
use std::time::Instant;

mod backlog;
mod budget;
mod effects;
mod random;
mod scratch;

pub use backlog::Backlog;
pub use budget::Budget;
pub use effects::Effects;
pub use random::Random;
pub use scratch::Scratch;

use crate::counters::Counters;
use crate::route_cache::RouteCache;

/// One turn of one core. Verbs run to completion within it, or leave the rest to a later one; they never wait.
pub struct Turn<'a> {
    /// The present moment.
    pub now: Instant,
    /// The work that this turn may still do.
    pub budget: Budget,
    /// The core's counters.
    pub counters: &'a Counters,
    /// A sequence for choices that need no secrecy.
    pub random: &'a mut Random,
    /// Routes of recent topics.
    pub routes: &'a mut RouteCache,
    /// Lists whose memory is used again.
    pub scratch: &'a mut Scratch,
    /// What the caller has to carry out when the turn is over.
    pub effects: &'a mut Effects,
    /// What this core has left for later turns.
    pub backlog: &'a mut Backlog,
}

/// What one core keeps from turn to turn.
pub struct Workspace {
    /// What the core counted, for everyone to read.
    pub counters: Arc<Counters>,
    /// Routes of recent topics.
    pub routes: RouteCache,
    /// Effects that were not carried out yet.
    pub effects: Effects,
    /// Work left for later turns.
    pub backlog: Backlog,
    /// Lists for reuse.
    pub scratch: Scratch,
    /// The core's random sequence.
    pub random: Random,
}

impl Workspace {
    /// The workspace of a core that counts in `counters` and whose random choices follow from `seed`.
    #[must_use]
    pub fn new(counters: Arc<Counters>, seed: u64) -> Self {
        Self {
            counters,
            routes: RouteCache::default(),
            effects: Effects::default(),
            backlog: Backlog::default(),
            scratch: Scratch::default(),
            random: Random::new(seed),
        }
    }

    /// Begins a turn that may do `budget` units of work. The caller carries out [`Self::effects`] afterwards.
    pub fn turn(&mut self, now: Instant, budget: u32) -> Turn<'_> {
        Turn {
            now,
            budget: Budget::new(budget),
            counters: &self.counters,
            random: &mut self.random,
            routes: &mut self.routes,
            scratch: &mut self.scratch,
            effects: &mut self.effects,
            backlog: &mut self.backlog,
        }
    }
}
