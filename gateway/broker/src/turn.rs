//! The context of a verb: the time, random numbers, a budget, and the lists and caches that a core keeps between turns.

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

use crate::counters::{CoreCounters, Counters};
use crate::route_cache::RouteCache;
use crate::tenant::TenantId;

/// One turn of one core. A verb completes within the turn, or leaves its remaining work to a later turn; it never
/// waits.
pub struct Turn<'a> {
    /// The current time.
    pub now: Instant,
    /// The amount of work that this turn may still do.
    pub budget: Budget,
    /// The core's counters for the tenant for which the turn works at the moment, see [`Self::count_for`].
    pub counters: &'a Counters,
    all_counters: &'a CoreCounters,
    /// Random numbers for choices that need no secrecy.
    pub random: &'a mut Random,
    /// The routes of recently published topics.
    pub routes: &'a mut RouteCache,
    /// Lists whose memory is reused.
    pub scratch: &'a mut Scratch,
    /// The effects that the caller has to carry out when the turn is over.
    pub effects: &'a mut Effects,
    /// The work that this core has left for later turns.
    pub backlog: &'a mut Backlog,
}

impl Turn<'_> {
    /// Counts for this tenant from now on. Called before anything is counted, because one turn may work for several
    /// tenants.
    #[inline]
    pub fn count_for(&mut self, tenant: TenantId) {
        self.counters = self.all_counters.of(tenant);
    }
}

/// The data that one core keeps from turn to turn.
pub struct Workspace {
    /// The core's counters, which any thread may read.
    pub counters: Arc<CoreCounters>,
    /// The routes of recently published topics.
    pub routes: RouteCache,
    /// The effects that were not carried out yet.
    pub effects: Effects,
    /// The work left for later turns.
    pub backlog: Backlog,
    /// Lists whose memory is reused.
    pub scratch: Scratch,
    /// The core's random sequence.
    pub random: Random,
}

impl Workspace {
    /// Creates the workspace of a core that adds to `counters`. `seed` determines the random numbers of the core.
    #[must_use]
    pub fn new(counters: Arc<CoreCounters>, seed: u64) -> Self {
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
            counters: self.counters.default_tenant(),
            all_counters: &self.counters,
            random: &mut self.random,
            routes: &mut self.routes,
            scratch: &mut self.scratch,
            effects: &mut self.effects,
            backlog: &mut self.backlog,
        }
    }
}
