//! One core's side of the placement: its orders, and the measure of how busy it is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxBuildHasher;

use tidegate_broker::CoreId;

use super::{LastRebalance, Meter, Placement, RebalanceOrder, RebalanceOrders};

/// What a core knows of the placement.
pub(in crate::cores) struct CoreLoad {
    orders: Arc<RebalanceOrders>,
    meter: Meter,
    /// The round that is under way.
    round: LastRebalance,
    /// Whether the next one that is asked goes.
    goes: bool,
    /// Which companies of this round go.
    affinity_groups: HashMap<u64, bool, FxBuildHasher>,
}

impl CoreLoad {
    /// The station of the calling thread.
    pub(in crate::cores) fn new(placement: &Placement, core: CoreId, now: Instant) -> Self {
        let orders = placement
            .orders(core)
            .map_or_else(|| Arc::new(RebalanceOrders::new(RebalanceOrder::Stay)), Arc::clone);
        let meter = Meter::new(placement.is_watched(), now);
        let affinity_groups = HashMap::default();
        Self { orders, meter, round: LastRebalance::default(), goes: false, affinity_groups }
    }

    /// Where a connection that was just polled has to go. Those of one company go together or not at all, since messages between
    /// two cores cost more; when that did not help, in every second round, each goes by itself. `chance` is a number without a
    /// pattern.
    pub(in crate::cores) fn destination(
        &mut self,
        last_rebalance: &mut LastRebalance,
        affinity_group: u64,
        chance: impl FnOnce() -> u64,
    ) -> Option<CoreId> {
        match self.orders.now() {
            RebalanceOrder::Stay => {
                if self.affinity_groups.capacity() > 0 {
                    self.affinity_groups = HashMap::default();
                }
                None
            }
            RebalanceOrder::MoveAll { to } => Some(to),
            RebalanceOrder::MoveRandomly { to } => chance().is_multiple_of(2).then_some(to),
            RebalanceOrder::MoveHalf { to, round } => {
                if self.round.begin(round) {
                    // The first one stays: a single busy connection is no better off elsewhere.
                    self.goes = true;
                    self.affinity_groups.clear();
                }
                if !last_rebalance.begin(round) {
                    return None;
                }
                let goes =
                    if round % 2 == 0 { self.alternate() } else { self.with_affinity_group(affinity_group) };
                goes.then_some(to)
            }
        }
    }

    fn with_affinity_group(&mut self, affinity_group: u64) -> bool {
        if let Some(goes) = self.affinity_groups.get(&affinity_group) {
            return *goes;
        }
        let goes = self.alternate();
        self.affinity_groups.insert(affinity_group, goes);
        goes
    }

    fn alternate(&mut self) -> bool {
        self.goes = !self.goes;
        self.goes
    }

    /// Measures how busy the core is, and tells of it, if it is time.
    pub(in crate::cores) fn watch(&mut self, placement: &Placement, core: CoreId, now: Instant) {
        if let Some(share) = self.meter.measure(now) {
            placement.report(core, share, now);
        }
    }
}
