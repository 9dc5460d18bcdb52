//! Which core carries which connection: where new ones begin, and which cores have to part with theirs. Moves nothing itself:
//! a connection asks for its orders each time it is polled.

mod core_load;
mod machine;
mod meter;
mod packing;
mod rebalance_order;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

pub(super) use core_load::CoreLoad;
use meter::Meter;
pub use rebalance_order::LastRebalance;
use rebalance_order::{RebalanceOrder, RebalanceOrders};

use machine::Machine;
use packing::{Decision, Packing, Sample};
use tidegate_broker::CoreId;

/// How connections are placed on cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// On as few cores as the load needs.
    #[default]
    Packed,
    /// On all cores by turns; each stays where it began.
    Spread,
    /// From core to core as often as possible: to show that it makes no difference.
    Restless,
}

/// The orders of all cores, and what they rest on.
pub(super) struct Placement {
    orders: Vec<Arc<RebalanceOrders>>,
    next: AtomicUsize,
    /// None where nothing is ever decided.
    watch: Option<Mutex<Watch>>,
}

/// What was seen so far.
struct Watch {
    packing: Packing,
    machine: Machine,
    /// The busy share of each core, and when it was measured.
    shares: Vec<(f64, Instant)>,
    looked: Instant,
    round: u32,
}

impl Placement {
    /// The placement of a process that begins `now` with that many cores.
    pub(super) fn new(policy: Policy, cores: usize, now: Instant) -> Self {
        let order = |core: usize| match policy {
            Policy::Packed if core > 0 => RebalanceOrder::MoveAll { to: FIRST },
            Policy::Restless if cores > 1 => RebalanceOrder::MoveRandomly { to: CoreId((core + 1) % cores) },
            _ => RebalanceOrder::Stay,
        };
        let orders = (0..cores).map(|core| Arc::new(RebalanceOrders::new(order(core)))).collect();
        let watched = policy == Policy::Packed && cores > 1;
        let watch = watched.then(|| Mutex::new(Watch::new(cores, now)));
        Self { orders, next: AtomicUsize::new(0), watch }
    }

    /// Whether the cores have to measure how busy they are.
    pub(super) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// What the core's connections have to do.
    pub(super) fn orders(&self, core: CoreId) -> Option<&Arc<RebalanceOrders>> {
        self.orders.get(core.0)
    }

    /// The core for the next connection: those in use take turns.
    pub(super) fn place(&self) -> CoreId {
        let in_use = || self.orders.iter().enumerate().filter(|(_, orders)| orders.now().takes_connections());
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        in_use().nth(turn % in_use().count().max(1)).map_or(FIRST, |(core, _)| CoreId(core))
    }

    /// Takes note of how busy a core was lately; decides anew when it is time. Never waits: who finds another core deciding tells
    /// of itself the next time.
    pub(super) fn report(&self, core: CoreId, share: f64, now: Instant) {
        let Some(mut watch) = self.watch.as_ref().and_then(Mutex::try_lock) else { return };
        if let Some(noted) = watch.shares.get_mut(core.0) {
            *noted = (share, now);
        }
        if now.saturating_duration_since(watch.looked) < meter::PERIOD {
            return;
        }
        let decision = watch.look(now);
        self.obey(&mut watch, decision);
    }

    /// Makes orders of a decision, and takes back those to part with some.
    fn obey(&self, watch: &mut Watch, decision: Option<Decision>) {
        let halving =
            |orders: &&Arc<RebalanceOrders>| matches!(orders.now(), RebalanceOrder::MoveHalf { .. });
        self.orders.iter().filter(halving).for_each(|orders| orders.set(RebalanceOrder::Stay));
        match decision {
            None => {}
            Some(Decision::Spill { from, to }) => {
                watch.round = watch.round.wrapping_add(1).max(1);
                self.order(to, RebalanceOrder::Stay);
                self.order(from, RebalanceOrder::MoveHalf { to, round: watch.round });
                tracing::debug!(from = from.0, to = to.0, "connections go to another core: theirs is busy");
            }
            Some(Decision::Return { from, to }) => {
                let idle = (0..self.orders.len()).map(CoreId).filter(|core| !watch.packing.is_in_use(*core));
                idle.for_each(|core| self.order(core, RebalanceOrder::MoveAll { to }));
                tracing::debug!(
                    from = from.0,
                    to = to.0,
                    "connections come back: one core is enough for both"
                );
            }
        }
    }

    fn order(&self, core: CoreId, order: RebalanceOrder) {
        if let Some(orders) = self.orders.get(core.0) {
            orders.set(order);
        }
    }
}

impl Watch {
    fn new(cores: usize, now: Instant) -> Self {
        Self {
            packing: Packing::new(cores),
            machine: Machine::default(),
            shares: vec![(0.0, now); cores],
            looked: now,
            round: 0,
        }
    }

    fn look(&mut self, now: Instant) -> Option<Decision> {
        self.looked = now;
        // Who has not measured for long has not run.
        let is_recent = |at: Instant| now.saturating_duration_since(at) < meter::PERIOD * 2;
        let shares: Vec<f64> =
            self.shares.iter().map(|(share, at)| if is_recent(*at) { *share } else { 0.0 }).collect();
        let mut sample = Sample { at: now, shares: &shares, idle: None };
        // To ask the system takes a while.
        sample.idle = if self.packing.would_spill(&sample) {
            self.machine.pooled_buffer(now, shares.iter().sum())
        } else {
            self.machine.forget();
            None
        };
        self.packing.look(&sample)
    }
}

/// The core that is always in use: it accepts, and carries the QUIC sockets.
const FIRST: CoreId = CoreId(0);

#[cfg(test)]
mod tests;
