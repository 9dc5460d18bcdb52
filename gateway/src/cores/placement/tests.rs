//! Orders: who begins where, who has to go.

use super::*;

/// A placement, its stations, and the time.
struct TestBroker {
    placement: Placement,
    stations: Vec<CoreLoad>,
    now: Instant,
}

impl TestBroker {
    fn new(policy: Policy, cores: usize) -> Self {
        let now = Instant::now();
        let placement = Placement::new(policy, cores, now);
        let stations = (0..cores).map(|core| CoreLoad::new(&placement, CoreId(core), now)).collect();
        Self { placement, stations, now }
    }

    fn places(&self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.placement.place().0).collect()
    }

    /// What a new connection on each core is told, when it is polled for the first time.
    fn destinations(&mut self) -> Vec<Option<CoreId>> {
        let ask = |load: &mut CoreLoad| load.destination(&mut LastRebalance::default(), 0, || 0);
        self.stations.iter_mut().map(ask).collect()
    }

    fn decide(&mut self, decision: Option<Decision>) {
        let watch = self.placement.watch.as_ref().unwrap();
        let mut watch = watch.lock();
        self.placement.obey(&mut watch, decision);
    }
}

#[test]
fn packed_connections_begin_on_the_first_core() {
    let mut house = TestBroker::new(Policy::Packed, 3);
    assert_eq!(house.places(3), [0, 0, 0]);
    assert_eq!(house.destinations(), [None, Some(CoreId(0)), Some(CoreId(0))]);
}

#[test]
fn cores_in_use_take_turns() {
    let mut house = TestBroker::new(Policy::Packed, 3);
    house.decide(Some(Decision::Spill { from: CoreId(0), to: CoreId(2) }));
    assert_eq!(house.places(4), [0, 2, 0, 2]);
    house.decide(Some(Decision::Return { from: CoreId(2), to: CoreId(0) }));
    assert_eq!(house.places(2), [0, 0]);
    assert_eq!(house.destinations()[2], Some(CoreId(0)));
}

#[test]
fn spread_connections_stay_where_they_began() {
    let mut house = TestBroker::new(Policy::Spread, 3);
    assert_eq!(house.places(6), [0, 1, 2, 0, 1, 2]);
    assert_eq!(house.destinations(), [None; 3]);
    assert!(!house.placement.is_watched());
}

#[test]
fn restless_connections_go_round() {
    let mut house = TestBroker::new(Policy::Restless, 3);
    assert_eq!(house.places(3), [0, 1, 2]);
    assert_eq!(house.destinations(), [Some(CoreId(1)), Some(CoreId(2)), Some(CoreId(0))]);
    assert_eq!(TestBroker::new(Policy::Restless, 1).destinations(), [None]);
}

/// Asks connections of these companies; whether each goes.
fn ask<const N: usize>(
    house: &mut TestBroker,
    connections: &mut [LastRebalance; N],
    affinity_groups: [u64; N],
) -> [bool; N] {
    let load = &mut house.stations[0];
    let mut affinity_groups = affinity_groups.into_iter();
    connections.each_mut().map(|last_rebalance| {
        load.destination(last_rebalance, affinity_groups.next().unwrap(), || 0).is_some()
    })
}

const SPILL: Option<Decision> = Some(Decision::Spill { from: CoreId(0), to: CoreId(1) });

#[test]
fn every_second_one_goes_once_and_the_first_stays() {
    let mut house = TestBroker::new(Policy::Packed, 2);
    let mut connections = [LastRebalance::default(); 5];
    for _ in 0..2 {
        house.decide(SPILL);
        let mut each = || ask(&mut house, &mut connections, [1, 2, 3, 4, 5]);
        assert_eq!(each(), [false, true, false, true, false]);
        assert_eq!(each(), [false; 5], "they were asked");
    }
    house.decide(None);
    assert_eq!(house.destinations(), [None; 2], "the spill is over");
}

#[test]
fn a_company_goes_together_until_that_does_not_help() {
    let mut house = TestBroker::new(Policy::Packed, 2);
    let mut connections = [LastRebalance::default(); 6];
    let affinity_groups = [7, 8, 7, 8, 9, 7];
    house.decide(SPILL);
    assert_eq!(ask(&mut house, &mut connections, affinity_groups), [false, true, false, true, false, false]);
    house.decide(SPILL);
    assert_eq!(ask(&mut house, &mut connections, affinity_groups), [false, true, false, true, false, true]);
}

#[test]
fn orders_survive_their_packing() {
    let to = CoreId(1023);
    for order in [
        RebalanceOrder::Stay,
        RebalanceOrder::MoveAll { to },
        RebalanceOrder::MoveRandomly { to },
        RebalanceOrder::MoveHalf { to, round: u32::MAX },
    ] {
        assert_eq!(RebalanceOrders::new(order).now(), order);
    }
}

#[test]
fn a_busy_core_is_given_relief() {
    let mut house = TestBroker::new(Policy::Packed, 2);
    for _ in 0..3 {
        house.now += meter::PERIOD;
        house.placement.report(CoreId(0), 0.2, house.now);
    }
    assert_eq!(house.places(2), [0, 0]);
    let in_use =
        |house: &TestBroker| house.placement.watch.as_ref().unwrap().lock().packing.is_in_use(CoreId(1));
    assert!(!in_use(&house));
    // Whether it spills depends on what else this machine does; that it looks does not.
    house.now += meter::PERIOD;
    house.placement.report(CoreId(0), 1.0, house.now);
    assert!(!in_use(&house), "what is idle is not known at the first look");
}
