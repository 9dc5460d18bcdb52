//! One core's side of the placement: its orders, and the measure of how busy it is.

use std::sync::Arc;
use std::time::Instant;

use super::{Considered, CoreId, Meter, Order, Orders, Placement};

/// What a core knows of the placement.
pub(in crate::cores) struct Station {
    orders: Arc<Orders>,
    meter: Meter,
    /// The round that is under way.
    round: Considered,
    /// Whether the next one that is asked goes.
    goes: bool,
}

impl Station {
    /// The station of the calling thread.
    pub(in crate::cores) fn new(placement: &Placement, core: CoreId, now: Instant) -> Self {
        let orders = placement.orders(core).map_or_else(|| Arc::new(Orders::new(Order::Stay)), Arc::clone);
        let meter = Meter::new(placement.is_watched(), now);
        Self { orders, meter, round: Considered::default(), goes: false }
    }

    /// The same for a core without others.
    pub(in crate::cores) fn alone() -> Self {
        let now = Instant::now();
        Self::new(&Placement::new(super::Policy::Spread, 1, now), super::FIRST, now)
    }

    /// Where a connection that was just polled has to go. `chance` is a number without a pattern.
    pub(in crate::cores) fn destination(
        &mut self,
        considered: &mut Considered,
        chance: impl FnOnce() -> u64,
    ) -> Option<CoreId> {
        match self.orders.now() {
            Order::Stay => None,
            Order::Leave { to } => Some(to),
            Order::Roam { to } => chance().is_multiple_of(2).then_some(to),
            Order::Halve { to, round } => {
                if self.round.begin(round) {
                    // The first one stays: a single busy connection is no better off elsewhere.
                    self.goes = true;
                }
                if !considered.begin(round) {
                    return None;
                }
                self.goes = !self.goes;
                self.goes.then_some(to)
            }
        }
    }

    /// Measures how busy the core is, and tells of it, if it is time.
    pub(in crate::cores) fn watch(&mut self, placement: &Placement, core: CoreId, now: Instant) {
        if let Some(share) = self.meter.measure(now) {
            placement.report(core, share, now);
        }
    }
}
