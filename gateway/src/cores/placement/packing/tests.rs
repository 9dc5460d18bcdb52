//! Spills and merges, in virtual time.

use super::*;

/// Passes a load sample to the packing every 200 ms of virtual time.
struct Harness {
    packing: Packing,
    now: Instant,
}

impl Harness {
    fn new(cores: usize) -> Self {
        Self { packing: Packing::new(cores), now: Instant::now() }
    }

    /// Advances the time by 200 ms, passes in one sample, and returns the decision.
    fn sample(&mut self, shares: &[f64], idle: f64) -> Option<Decision> {
        self.now += Duration::from_millis(200);
        self.packing.decide(&Sample { at: self.now, shares, idle: Some(idle) })
    }

    /// Passes in up to `samples_max` samples of the same load. Returns the first decision, and the number of samples up
    /// to it.
    fn first_decision(&mut self, shares: &[f64], idle: f64, samples_max: usize) -> Option<(Decision, usize)> {
        (1..=samples_max).find_map(|count| self.sample(shares, idle).map(|decision| (decision, count)))
    }
}

fn spill(from: usize, to: usize) -> Decision {
    Decision::Spill { from: CoreId(from), to: CoreId(to) }
}

fn merge(from: usize, to: usize) -> Decision {
    Decision::Merge { from: CoreId(from), to: CoreId(to) }
}

#[test]
fn one_core_carries_all_connections_until_it_is_busy() {
    let mut harness = Harness::new(4);
    assert_eq!(harness.first_decision(&[0.85, 0.0, 0.0, 0.0], 3.0, 100), None);
    assert!(harness.packing.is_in_use(CoreId(0)) && !harness.packing.is_in_use(CoreId(1)));
}

#[test]
fn a_busy_core_spills_to_an_unused_core() {
    let mut harness = Harness::new(4);
    assert_eq!(harness.sample(&[0.86, 0.0, 0.0, 0.0], 3.0), Some(spill(0, 1)));
    assert!(harness.packing.is_in_use(CoreId(1)));
}

#[test]
fn a_busy_core_does_not_spill_without_an_idle_processor() {
    let mut harness = Harness::new(2);
    assert_eq!(harness.first_decision(&[1.0, 0.0], 0.39, 100), None);
    assert_eq!(harness.sample(&[1.0, 0.0], 0.4), Some(spill(0, 1)));
}

#[test]
fn a_busy_core_does_not_spill_before_the_idle_time_is_known() {
    let mut packing = Packing::new(2);
    assert_eq!(packing.decide(&Sample { at: Instant::now(), shares: &[1.0, 0.0], idle: None }), None);
}

#[test]
fn a_second_spill_waits_one_second() {
    let mut harness = Harness::new(4);
    assert_eq!(harness.sample(&[1.0, 0.0, 0.0, 0.0], 3.0), Some(spill(0, 1)));
    assert_eq!(harness.first_decision(&[1.0, 0.6, 0.0, 0.0], 2.0, 100), Some((spill(0, 2), 5)));
}

#[test]
fn two_cores_with_low_load_are_merged_after_two_seconds() {
    let mut harness = Harness::new(2);
    assert_eq!(harness.sample(&[1.0, 0.0], 1.0), Some(spill(0, 1)));
    assert_eq!(harness.first_decision(&[0.2, 0.2], 1.5, 100), None, "the sum of both loads is at the limit");
    assert_eq!(harness.first_decision(&[0.2, 0.19], 1.5, 100), Some((merge(1, 0), 11)));
    assert!(!harness.packing.is_in_use(CoreId(1)));
    assert_eq!(harness.first_decision(&[0.39, 0.0], 1.5, 100), None);
}

#[test]
fn a_burst_restarts_the_wait_before_a_merge() {
    let mut harness = Harness::new(2);
    assert_eq!(harness.sample(&[1.0, 0.0], 1.0), Some(spill(0, 1)));
    assert_eq!(harness.first_decision(&[0.1, 0.1], 1.5, 10), None);
    assert_eq!(harness.sample(&[0.5, 0.5], 1.0), None);
    assert_eq!(harness.first_decision(&[0.1, 0.1], 1.5, 10), None);
    assert_eq!(harness.sample(&[0.1, 0.1], 1.5), Some(merge(1, 0)));
}

#[test]
fn a_load_that_one_core_can_hardly_carry_does_not_move_back_and_forth() {
    let mut harness = Harness::new(2);
    // One core carries the connections with a load of 0.9. On two cores, messages between the cores double the sum.
    assert_eq!(harness.sample(&[0.9, 0.0], 1.0), Some(spill(0, 1)));
    assert_eq!(harness.first_decision(&[0.9, 0.9], 0.2, 1000), None);
    assert_eq!(harness.first_decision(&[0.45, 0.45], 1.0, 1000), None);
}

#[test]
fn spills_become_rarer_while_a_single_connection_keeps_a_core_busy() {
    let mut harness = Harness::new(2);
    assert_eq!(harness.sample(&[1.0, 0.0], 1.0), Some(spill(0, 1)));
    let spills = (0..5 * 60).filter(|_| harness.sample(&[1.0, 0.0], 1.0).is_some()).count();
    assert!((2..=5).contains(&spills), "{spills} spills within a minute");
}

#[test]
fn the_least_busy_core_is_merged_but_never_the_first() {
    let mut harness = Harness::new(3);
    assert_eq!(harness.sample(&[1.0, 0.0, 0.0], 2.0), Some(spill(0, 1)));
    assert_eq!(harness.first_decision(&[1.0, 0.9, 0.0], 1.0, 10), Some((spill(0, 2), 5)));
    assert_eq!(harness.first_decision(&[0.1, 0.8, 0.2], 1.0, 20), Some((merge(2, 0), 11)));
    assert_eq!(harness.first_decision(&[0.0, 0.3, 0.0], 1.0, 20), Some((merge(1, 0), 11)));
}
