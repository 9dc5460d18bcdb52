//! Decides which core carries which connection: where new connections start, and which cores give connections to
//! another core. This module does not move the connections: at the end of its turn, each connection reads the order of
//! its core and moves accordingly.

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
use rebalance_order::{AtomicOrder, RebalanceOrder};

use machine::SpareProcessorMeter;
use packing::{Decision, Packing, Sample};
use tidegate_broker::CoreId;

/// How connections are placed on cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// On as few cores as the load needs.
    #[default]
    Packed,
    /// On all cores in turn. Each connection stays on its first core.
    Spread,
    /// On all cores in turn. Each connection then keeps moving from core to core. For tests.
    Restless,
}

/// The orders of all cores, and the load that they are based on.
pub(super) struct Placement {
    orders: Vec<Arc<AtomicOrder>>,
    /// Number of connections placed so far, so that cores take turns.
    next: AtomicUsize,
    /// `None` if the policy never changes the orders.
    monitor: Option<Mutex<LoadMonitor>>,
}

/// The latest load of all cores, and the state that the next decision depends on.
struct LoadMonitor {
    packing: Packing,
    machine: SpareProcessorMeter,
    /// The busy share of each core, and when it was measured.
    shares: Vec<(f64, Instant)>,
    last_evaluation: Instant,
    /// Number of the latest rebalance round; a spill starts a new round.
    round: u32,
}

impl Placement {
    /// Creates the placement of a process that starts at `now` with `cores` cores.
    pub(super) fn new(policy: Policy, cores: usize, now: Instant) -> Self {
        let order = |core: usize| match policy {
            Policy::Packed if core > 0 => RebalanceOrder::MoveAll { to: FIRST_CORE },
            Policy::Restless if cores > 1 => RebalanceOrder::MoveRandomly { to: CoreId((core + 1) % cores) },
            _ => RebalanceOrder::Stay,
        };
        let orders = (0..cores).map(|core| Arc::new(AtomicOrder::new(order(core)))).collect();
        let depends_on_load = policy == Policy::Packed && cores > 1;
        let monitor = depends_on_load.then(|| Mutex::new(LoadMonitor::new(cores, now)));
        Self { orders, next: AtomicUsize::new(0), monitor }
    }

    /// Whether the cores have to measure how busy they are.
    pub(super) fn measures_load(&self) -> bool {
        self.monitor.is_some()
    }

    /// Returns the order for the connections of `core`.
    pub(super) fn order(&self, core: CoreId) -> Option<&Arc<AtomicOrder>> {
        self.orders.get(core.0)
    }

    /// Chooses the core for the next connection. The cores in use take turns.
    pub(super) fn place(&self) -> CoreId {
        let in_use = || self.orders.iter().enumerate().filter(|(_, order)| order.load().takes_connections());
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        in_use().nth(turn % in_use().count().max(1)).map_or(FIRST_CORE, |(core, _)| CoreId(core))
    }

    /// Records how busy a core was and, if a decision is due, decides whether to change the placement. Never blocks: if
    /// another core holds the lock, this report is dropped, and the core reports again after its next measurement.
    pub(super) fn report(&self, core: CoreId, share: f64, now: Instant) {
        let Some(mut monitor) = self.monitor.as_ref().and_then(Mutex::try_lock) else { return };
        if let Some(latest) = monitor.shares.get_mut(core.0) {
            *latest = (share, now);
        }
        if now.saturating_duration_since(monitor.last_evaluation) < meter::MEASUREMENT_INTERVAL {
            return;
        }
        let decision = monitor.evaluate(now);
        self.apply_decision(&mut monitor, decision);
    }

    /// Ends the spill in progress, if any, and sets the orders that carry out `decision`.
    fn apply_decision(&self, monitor: &mut LoadMonitor, decision: Option<Decision>) {
        let moves_half = |order: &&Arc<AtomicOrder>| matches!(order.load(), RebalanceOrder::MoveHalf { .. });
        self.orders.iter().filter(moves_half).for_each(|order| order.store(RebalanceOrder::Stay));
        match decision {
            None => {}
            Some(Decision::Spill { from, to }) => {
                monitor.round = monitor.round.wrapping_add(1).max(1);
                self.set_order(to, RebalanceOrder::Stay);
                self.set_order(from, RebalanceOrder::MoveHalf { to, round: monitor.round });
                tracing::debug!(from = from.0, to = to.0, "core overloaded: moving half of its connections");
            }
            Some(Decision::Merge { from, to }) => {
                let unused =
                    (0..self.orders.len()).map(CoreId).filter(|core| !monitor.packing.is_in_use(*core));
                unused.for_each(|core| self.set_order(core, RebalanceOrder::MoveAll { to }));
                tracing::debug!(from = from.0, to = to.0, "load low: merging the connections of two cores");
            }
        }
    }

    fn set_order(&self, core: CoreId, order: RebalanceOrder) {
        if let Some(current) = self.orders.get(core.0) {
            current.store(order);
        }
    }
}

impl LoadMonitor {
    fn new(cores: usize, now: Instant) -> Self {
        Self {
            packing: Packing::new(cores),
            machine: SpareProcessorMeter::default(),
            shares: vec![(0.0, now); cores],
            last_evaluation: now,
            round: 0,
        }
    }

    fn evaluate(&mut self, now: Instant) -> Option<Decision> {
        self.last_evaluation = now;
        // A core that has not reported lately was idle.
        let is_recent = |at: Instant| now.saturating_duration_since(at) < meter::MEASUREMENT_INTERVAL * 2;
        let shares: Vec<f64> =
            self.shares.iter().map(|(share, at)| if is_recent(*at) { *share } else { 0.0 }).collect();
        let mut sample = Sample { at: now, shares: &shares, idle: None };
        // Reading the idle time from the system is slow, so it is done only when the decision depends on it.
        sample.idle = if self.packing.would_spill(&sample) {
            self.machine.spare_processors(now, shares.iter().sum())
        } else {
            self.machine.forget();
            None
        };
        self.packing.decide(&sample)
    }
}

/// The core that is always in use: it accepts connections and carries the QUIC sockets.
const FIRST_CORE: CoreId = CoreId(0);

#[cfg(test)]
mod tests;
