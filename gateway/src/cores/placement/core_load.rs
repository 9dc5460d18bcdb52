//! One core's part of the placement: measures how busy the core is, and applies the core's rebalance order to its
//! connections.

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
    /// The rebalance round in progress.
    round: LastRebalance,
    /// The answer for the connection or affinity group that asked last: whether it has to move. The answers alternate.
    last_must_move: bool,
    /// The affinity groups that asked in this round, and whether each has to move.
    group_moves: HashMap<u64, bool, FxBuildHasher>,
}

impl CoreLoad {
    /// Creates the load of `core`, which must be the core of the calling thread.
    pub(in crate::cores) fn new(placement: &Placement, core: CoreId, now: Instant) -> Self {
        let order = placement
            .order(core)
            .map_or_else(|| Arc::new(AtomicOrder::new(RebalanceOrder::Stay)), Arc::clone);
        let meter = Meter::new(placement.measures_load(), now);
        let group_moves = HashMap::default();
        Self { order, meter, round: LastRebalance::default(), last_must_move: false, group_moves }
    }

    /// Returns the core that a connection has to move to after its turn; `None` if the connection stays.
    ///
    /// In odd rounds, the connections of one affinity group move together or stay together, because messages between
    /// two cores cost more. If that did not help, the next round is even, and every second connection moves regardless
    /// of groups. `random` returns a random number.
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
                    // The first connection or group stays: moving a single busy connection to an idle core gains
                    // nothing.
                    self.last_must_move = true;
                    self.group_moves.clear();
                }
                if !last_rebalance.begin(round) {
                    return None;
                }
                let moves =
                    if round % 2 == 0 { self.next_must_move() } else { self.group_must_move(affinity_group) };
                moves.then_some(to)
            }
        }
    }

    /// Whether the connections of an affinity group have to move.
    fn group_must_move(&mut self, affinity_group: u64) -> bool {
        if let Some(moves) = self.group_moves.get(&affinity_group) {
            return *moves;
        }
        let moves = self.next_must_move();
        self.group_moves.insert(affinity_group, moves);
        moves
    }

    /// Whether the next connection or affinity group has to move.
    fn next_must_move(&mut self) -> bool {
        self.last_must_move = !self.last_must_move;
        self.last_must_move
    }

    /// Measures how busy the core is and reports it, if a measurement is due.
    pub(in crate::cores) fn measure(&mut self, placement: &Placement, core: CoreId, now: Instant) {
        if let Some(share) = self.meter.measure(now) {
            placement.report(core, share, now);
        }
    }
}
