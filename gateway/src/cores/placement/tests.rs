//! Tests of the placement: the cores of new connections, and the connections that have to move.

use super::*;

/// A placement, the load of each core, and the virtual time.
struct Harness {
    placement: Placement,
    core_loads: Vec<CoreLoad>,
    now: Instant,
}

impl Harness {
    fn new(policy: Policy, cores: usize) -> Self {
        let now = Instant::now();
        let placement = Placement::new(policy, cores, now);
        let core_loads = (0..cores).map(|core| CoreLoad::new(&placement, CoreId(core), now)).collect();
        Self { placement, core_loads, now }
    }

    /// Places `count` connections and returns their cores.
    fn place(&self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.placement.place().0).collect()
    }

    /// Returns, for each core, the core to which a new connection has to move after its first turn.
    fn rebalance_targets(&mut self) -> Vec<Option<CoreId>> {
        let target = |load: &mut CoreLoad| load.rebalance_target(&mut LastRebalance::default(), 0, || 0);
        self.core_loads.iter_mut().map(target).collect()
    }

    fn apply_decision(&mut self, decision: Option<Decision>) {
        let mut monitor = self.placement.monitor.as_ref().unwrap().lock();
        self.placement.apply_decision(&mut monitor, decision);
    }
}

#[test]
fn packed_connections_start_on_the_first_core() {
    let mut harness = Harness::new(Policy::Packed, 3);
    assert_eq!(harness.place(3), [0, 0, 0]);
    assert_eq!(harness.rebalance_targets(), [None, Some(CoreId(0)), Some(CoreId(0))]);
}

#[test]
fn new_connections_are_placed_on_the_cores_in_use_in_turn() {
    let mut harness = Harness::new(Policy::Packed, 3);
    harness.apply_decision(Some(Decision::Spill { from: CoreId(0), to: CoreId(2) }));
    assert_eq!(harness.place(4), [0, 2, 0, 2]);
    harness.apply_decision(Some(Decision::Merge { from: CoreId(2), to: CoreId(0) }));
    assert_eq!(harness.place(2), [0, 0]);
    assert_eq!(harness.rebalance_targets()[2], Some(CoreId(0)));
}

#[test]
fn spread_connections_stay_on_their_first_core() {
    let mut harness = Harness::new(Policy::Spread, 3);
    assert_eq!(harness.place(6), [0, 1, 2, 0, 1, 2]);
    assert_eq!(harness.rebalance_targets(), [None; 3]);
    assert!(!harness.placement.measures_load());
}

#[test]
fn restless_connections_move_to_the_next_core() {
    let mut harness = Harness::new(Policy::Restless, 3);
    assert_eq!(harness.place(3), [0, 1, 2]);
    assert_eq!(harness.rebalance_targets(), [Some(CoreId(1)), Some(CoreId(2)), Some(CoreId(0))]);
    assert_eq!(Harness::new(Policy::Restless, 1).rebalance_targets(), [None]);
}

/// Returns whether each connection of the first core has to move, given their affinity groups.
fn must_move<const N: usize>(
    harness: &mut Harness,
    connections: &mut [LastRebalance; N],
    affinity_groups: [u64; N],
) -> [bool; N] {
    let load = &mut harness.core_loads[0];
    let mut affinity_groups = affinity_groups.into_iter();
    connections.each_mut().map(|last_rebalance| {
        load.rebalance_target(last_rebalance, affinity_groups.next().unwrap(), || 0).is_some()
    })
}

const SPILL: Option<Decision> = Some(Decision::Spill { from: CoreId(0), to: CoreId(1) });

#[test]
fn a_spill_moves_every_second_connection_once_and_the_first_stays() {
    let mut harness = Harness::new(Policy::Packed, 2);
    let mut connections = [LastRebalance::default(); 5];
    for _ in 0..2 {
        harness.apply_decision(SPILL);
        let mut moves = || must_move(&mut harness, &mut connections, [1, 2, 3, 4, 5]);
        assert_eq!(moves(), [false, true, false, true, false]);
        assert_eq!(moves(), [false; 5], "each connection is considered once per round");
    }
    harness.apply_decision(None);
    assert_eq!(harness.rebalance_targets(), [None; 2], "the spill is over");
}

#[test]
fn an_affinity_group_moves_together_in_every_other_spill() {
    let mut harness = Harness::new(Policy::Packed, 2);
    let mut connections = [LastRebalance::default(); 6];
    let affinity_groups = [7, 8, 7, 8, 9, 7];
    harness.apply_decision(SPILL);
    assert_eq!(
        must_move(&mut harness, &mut connections, affinity_groups),
        [false, true, false, true, false, false]
    );
    harness.apply_decision(SPILL);
    assert_eq!(
        must_move(&mut harness, &mut connections, affinity_groups),
        [false, true, false, true, false, true]
    );
}

#[test]
fn orders_are_packed_and_unpacked_unchanged() {
    let to = CoreId(1023);
    for order in [
        RebalanceOrder::Stay,
        RebalanceOrder::MoveAll { to },
        RebalanceOrder::MoveRandomly { to },
        RebalanceOrder::MoveHalf { to, round: u32::MAX },
    ] {
        assert_eq!(AtomicOrder::new(order).load(), order);
    }
}

#[test]
fn the_first_report_of_a_high_load_does_not_spill() {
    let mut harness = Harness::new(Policy::Packed, 2);
    for _ in 0..3 {
        harness.now += meter::MEASUREMENT_INTERVAL;
        harness.placement.report(CoreId(0), 0.2, harness.now);
    }
    assert_eq!(harness.place(2), [0, 0]);
    let is_second_in_use =
        |harness: &Harness| harness.placement.monitor.as_ref().unwrap().lock().packing.is_in_use(CoreId(1));
    assert!(!is_second_in_use(&harness));
    // Whether a later report spills depends on the load of the machine that runs the test.
    harness.now += meter::MEASUREMENT_INTERVAL;
    harness.placement.report(CoreId(0), 1.0, harness.now);
    assert!(!is_second_in_use(&harness), "the idle time is not known yet");
}
