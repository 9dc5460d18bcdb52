//! When connections go and come back, in virtual time.

use super::*;

/// Looks every 200 ms.
struct Watch {
    packing: Packing,
    now: Instant,
}

impl Watch {
    fn new(cores: usize) -> Self {
        Self { packing: Packing::new(cores), now: Instant::now() }
    }

    /// One look later.
    fn look(&mut self, shares: &[f64], idle: f64) -> Option<Decision> {
        self.now += Duration::from_millis(200);
        self.packing.look(&Sample { at: self.now, shares, idle: Some(idle) })
    }

    /// The first decision within so many looks, and after how many.
    fn decide(&mut self, shares: &[f64], idle: f64, looks: usize) -> Option<(Decision, usize)> {
        (1..=looks).find_map(|look| self.look(shares, idle).map(|decision| (decision, look)))
    }
}

fn spill(from: usize, to: usize) -> Decision {
    Decision::Spill { from: CoreId(from), to: CoreId(to) }
}

fn back(from: usize, to: usize) -> Decision {
    Decision::Return { from: CoreId(from), to: CoreId(to) }
}

#[test]
fn one_core_carries_all_while_it_has_room() {
    let mut watch = Watch::new(4);
    assert_eq!(watch.decide(&[0.85, 0.0, 0.0, 0.0], 3.0, 100), None);
    assert!(watch.packing.is_in_use(CoreId(0)) && !watch.packing.is_in_use(CoreId(1)));
}

#[test]
fn a_busy_core_spills_to_the_next() {
    let mut watch = Watch::new(4);
    assert_eq!(watch.look(&[0.86, 0.0, 0.0, 0.0], 3.0), Some(spill(0, 1)));
    assert!(watch.packing.is_in_use(CoreId(1)));
}

#[test]
fn nothing_spills_where_no_processor_is_idle() {
    let mut watch = Watch::new(2);
    assert_eq!(watch.decide(&[1.0, 0.0], 0.39, 100), None);
    assert_eq!(watch.look(&[1.0, 0.0], 0.4), Some(spill(0, 1)));
}

#[test]
fn nothing_spills_before_it_is_known_what_is_idle() {
    let mut packing = Packing::new(2);
    assert_eq!(packing.look(&Sample { at: Instant::now(), shares: &[1.0, 0.0], idle: None }), None);
}

#[test]
fn a_spill_has_time_to_show_before_the_next() {
    let mut watch = Watch::new(4);
    assert_eq!(watch.look(&[1.0, 0.0, 0.0, 0.0], 3.0), Some(spill(0, 1)));
    assert_eq!(watch.decide(&[1.0, 0.6, 0.0, 0.0], 2.0, 100), Some((spill(0, 2), 5)));
}

#[test]
fn two_quiet_cores_become_one_after_a_while() {
    let mut watch = Watch::new(2);
    assert_eq!(watch.look(&[1.0, 0.0], 1.0), Some(spill(0, 1)));
    assert_eq!(watch.decide(&[0.2, 0.2], 1.5, 100), None, "together as much as one is to have");
    assert_eq!(watch.decide(&[0.2, 0.19], 1.5, 100), Some((back(1, 0), 11)));
    assert!(!watch.packing.is_in_use(CoreId(1)));
    assert_eq!(watch.decide(&[0.39, 0.0], 1.5, 100), None);
}

#[test]
fn a_burst_between_begins_the_wait_anew() {
    let mut watch = Watch::new(2);
    assert_eq!(watch.look(&[1.0, 0.0], 1.0), Some(spill(0, 1)));
    assert_eq!(watch.decide(&[0.1, 0.1], 1.5, 10), None);
    assert_eq!(watch.look(&[0.5, 0.5], 1.0), None);
    assert_eq!(watch.decide(&[0.1, 0.1], 1.5, 10), None);
    assert_eq!(watch.look(&[0.1, 0.1], 1.5), Some(back(1, 0)));
}

#[test]
fn what_one_core_can_hardly_carry_does_not_flap() {
    let mut watch = Watch::new(2);
    // 0.9 on one core; on two, the way between them costs as much again.
    assert_eq!(watch.look(&[0.9, 0.0], 1.0), Some(spill(0, 1)));
    assert_eq!(watch.decide(&[0.9, 0.9], 0.2, 1000), None);
    assert_eq!(watch.decide(&[0.45, 0.45], 1.0, 1000), None);
}

#[test]
fn one_connection_that_fills_a_core_is_moved_ever_more_seldom() {
    let mut watch = Watch::new(2);
    assert_eq!(watch.look(&[1.0, 0.0], 1.0), Some(spill(0, 1)));
    let spills = (0..5 * 60).filter(|_| watch.look(&[1.0, 0.0], 1.0).is_some()).count();
    assert!((2..=5).contains(&spills), "{spills} in a minute");
}

#[test]
fn the_least_busy_goes_and_the_first_never() {
    let mut watch = Watch::new(3);
    assert_eq!(watch.look(&[1.0, 0.0, 0.0], 2.0), Some(spill(0, 1)));
    assert_eq!(watch.decide(&[1.0, 0.9, 0.0], 1.0, 10), Some((spill(0, 2), 5)));
    assert_eq!(watch.decide(&[0.1, 0.8, 0.2], 1.0, 20), Some((back(2, 0), 11)));
    assert_eq!(watch.decide(&[0.0, 0.3, 0.0], 1.0, 20), Some((back(1, 0), 11)));
}
