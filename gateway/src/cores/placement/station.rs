//! One core's side of the placement: its orders, and the measure of how busy it is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxBuildHasher;

use super::{Considered, CoreId, Meter, Order, Orders, Placement};

/// What a core knows of the placement.
pub(in crate::cores) struct Station {
    orders: Arc<Orders>,
    meter: Meter,
    /// The round that is under way.
    round: Considered,
    /// Whether the next one that is asked goes.
    goes: bool,
    /// Which companies of this round go.
    companies: HashMap<u64, bool, FxBuildHasher>,
}

impl Station {
    /// The station of the calling thread.
    pub(in crate::cores) fn new(placement: &Placement, core: CoreId, now: Instant) -> Self {
        let orders = placement.orders(core).map_or_else(|| Arc::new(Orders::new(Order::Stay)), Arc::clone);
        let meter = Meter::new(placement.is_watched(), now);
        let companies = HashMap::default();
        Self { orders, meter, round: Considered::default(), goes: false, companies }
    }

    /// The same for a core without others.
    pub(in crate::cores) fn alone() -> Self {
        let now = Instant::now();
        Self::new(&Placement::new(super::Policy::Spread, 1, now), super::FIRST, now)
    }

    /// Where a connection that was just polled has to go. Those of one company go together or not at all, since messages between
    /// two cores cost more; when that did not help, in every second round, each goes by itself. `chance` is a number without a
    /// pattern.
    pub(in crate::cores) fn destination(
        &mut self,
        considered: &mut Considered,
        company: u64,
        chance: impl FnOnce() -> u64,
    ) -> Option<CoreId> {
        match self.orders.now() {
            Order::Stay => {
                if self.companies.capacity() > 0 {
                    self.companies = HashMap::default();
                }
                None
            }
            Order::Leave { to } => Some(to),
            Order::Roam { to } => chance().is_multiple_of(2).then_some(to),
            Order::Halve { to, round } => {
                if self.round.begin(round) {
                    // The first one stays: a single busy connection is no better off elsewhere.
                    self.goes = true;
                    self.companies.clear();
                }
                if !considered.begin(round) {
                    return None;
                }
                let goes = if round % 2 == 0 { self.alternate() } else { self.with_company(company) };
                goes.then_some(to)
            }
        }
    }

    fn with_company(&mut self, company: u64) -> bool {
        if let Some(goes) = self.companies.get(&company) {
            return *goes;
        }
        let goes = self.alternate();
        self.companies.insert(company, goes);
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
