//! One core's part of the placement: it measures how busy the core is, and applies the core's rebalance order to its connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxBuildHasher;

use tidegate_broker::CoreId;

use super::{AtomicOrder, LastRebalance, Meter, Placement, RebalanceOrder};

/// The load of one core and the state of its current rebalance round.
pub(in crate::cores) struct CoreLoad {
    order: Arc<AtomicOrder>,
    meter: Meter,
    /// The round in progress.
    round: LastRebalance,
    /// Whether the connection or affinity group asked last has to move. Every second one does.
    last_moves: bool,
    /// The affinity groups asked in this round, and whether each has to move.
    group_moves: HashMap<u64, bool, FxBuildHasher>,
}

impl CoreLoad {
    /// The load of the calling thread.
    pub(in crate::cores) fn new(placement: &Placement, core: CoreId, now: Instant) -> Self {
        let order = placement
            .order(core)
            .map_or_else(|| Arc::new(AtomicOrder::new(RebalanceOrder::Stay)), Arc::clone);
        let meter = Meter::new(placement.measures_load(), now);
        let group_moves = HashMap::default();
        Self { order, meter, round: LastRebalance::default(), last_moves: false, group_moves }
    }

    /// The core that a connection has to move to after its turn; `None` if it stays.
    ///
    /// In odd rounds, the connections of one affinity group move together or stay together, because messages between two cores
    /// cost more. If that did not help, the next round is even, and every second connection moves regardless of groups. `random`
    /// returns a random number.
    pub(in crate::cores) fn rebalance_target(
        &mut self,
        last_rebalance: &mut LastRebalance,
        affinity_group: u64,
        random: impl FnOnce() -> u64,
    ) -> Option<CoreId> {
        match self.order.load() {
            RebalanceOrder::Stay => {
                if self.group_moves.capacity() > 0 {
                    self.group_moves = HashMap::default();
                }
                None
            }
            RebalanceOrder::MoveAll { to } => Some(to),
            RebalanceOrder::MoveRandomly { to } => random().is_multiple_of(2).then_some(to),
            RebalanceOrder::MoveHalf { to, round } => {
                if self.round.begin(round) {
                    // The first one stays: moving a single busy connection gains nothing.
                    self.last_moves = true;
                    self.group_moves.clear();
                }
                if !last_rebalance.begin(round) {
                    return None;
                }
                let moves = if round % 2 == 0 { self.next_moves() } else { self.group_moves(affinity_group) };
                moves.then_some(to)
            }
        }
    }

    /// Whether the connections of an affinity group have to move.
    fn group_moves(&mut self, affinity_group: u64) -> bool {
        if let Some(moves) = self.group_moves.get(&affinity_group) {
            return *moves;
        }
        let moves = self.next_moves();
        self.group_moves.insert(affinity_group, moves);
        moves
    }

    /// Whether the next connection or affinity group has to move.
    fn next_moves(&mut self) -> bool {
        self.last_moves = !self.last_moves;
        self.last_moves
    }

    /// Measures how busy the core is and reports it, if a measurement is due.
    pub(in crate::cores) fn measure(&mut self, placement: &Placement, core: CoreId, now: Instant) {
        if let Some(share) = self.meter.measure(now) {
            placement.report(core, share, now);
        }
    }
}
