//! The store time across restarts, boots, suspends and changes of the wall clock.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use proptest::prelude::*;

use super::{TimeMark, Timeline};
use crate::clock::{BootId, ClockReading, Clocks};

/// A machine whose clocks are set by the test.
struct Machine(Mutex<State>);

#[derive(Clone, Copy)]
struct State {
    now: Instant,
    since_boot: u64,
    wall: u64,
    boots: u8,
}

impl Machine {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { now: Instant::now(), since_boot: 1000, wall: START, boots: 1 })))
    }

    fn pass(&self, millis: u64) {
        let mut state = self.0.lock();
        state.now += Duration::from_millis(millis);
        state.since_boot += millis;
        state.wall += millis;
    }

    fn set_wall(&self, step: i64) {
        let mut state = self.0.lock();
        state.wall = state.wall.saturating_add_signed(step);
    }

    /// Switches the machine off for `off` milliseconds, and boots it.
    fn boot(&self, off: u64) {
        self.pass(off);
        let mut state = self.0.lock();
        (state.since_boot, state.boots) = (0, state.boots.wrapping_add(1).max(1));
    }

    fn open(self: &Arc<Self>, mark: Option<TimeMark>) -> Timeline {
        Timeline::open(Arc::<Self>::clone(self), mark, Duration::from_millis(DOWNTIME_MAX))
    }

    /// Opens the store with the mark, and returns the store time.
    fn store_time(self: &Arc<Self>, mark: TimeMark) -> u64 {
        self.open(Some(mark)).clock().store_time
    }
}

impl Clocks for Machine {
    fn read(&self) -> ClockReading {
        let State { now, since_boot, wall, .. } = *self.0.lock();
        ClockReading { now, since_boot: Duration::from_millis(since_boot), wall: Duration::from_millis(wall) }
    }

    fn boot_id(&self) -> io::Result<BootId> {
        Ok(BootId([self.0.lock().boots; BootId::SIZE]))
    }
}

#[test]
fn a_new_store_begins_at_unix_time() {
    let machine = Machine::new();
    assert_eq!(machine.open(None).clock().store_time, START);
}

#[test]
fn without_a_boot_the_downtime_is_exact_and_the_wall_clock_does_not_matter() {
    for step in [0, 10 * YEAR, -10 * YEAR] {
        let machine = Machine::new();
        let mark = machine.open(None).mark();
        machine.set_wall(step);
        machine.pass(3 * DOWNTIME_MAX);
        assert_eq!(machine.store_time(mark), START + 3 * DOWNTIME_MAX, "wall clock set by {step} ms");
    }
}

#[test]
fn after_a_boot_the_wall_clock_determines_the_downtime() {
    let machine = Machine::new();
    let mark = machine.open(None).mark();
    machine.boot(5000);
    assert_eq!(machine.store_time(mark), START + 5000);
}

#[test]
fn a_wall_clock_set_forwards_while_the_store_is_open_does_not_count_as_downtime() {
    let machine = Machine::new();
    let timeline = machine.open(None);
    machine.set_wall(8 * 3_600_000);
    assert!(timeline.is_mark_due());
    let mark = timeline.mark();
    machine.boot(5000);
    assert_eq!(machine.store_time(mark), START + 5000);
}

#[test]
fn after_a_boot_a_wrong_wall_clock_counts_for_a_limited_time() {
    for (step, counted) in [(10 * YEAR, DOWNTIME_MAX), (-10 * YEAR, 0)] {
        let machine = Machine::new();
        let mark = machine.open(None).mark();
        machine.boot(5000);
        machine.set_wall(step);
        assert_eq!(machine.store_time(mark), START + counted, "wall clock set by {step} ms");
    }
}

#[test]
fn a_wall_clock_that_was_never_set_does_not_count() {
    let machine = Machine::new();
    machine.set_wall(-START.cast_signed());
    let mark = machine.open(None).mark();
    machine.boot(5000);
    machine.set_wall(START.cast_signed());
    assert_eq!(machine.store_time(mark), mark.store_time, "set before the second start");
    machine.set_wall(-START.cast_signed());
    assert_eq!(machine.store_time(mark), mark.store_time, "set at neither start");
}

#[test]
fn the_store_time_continues_while_the_machine_is_suspended() {
    let machine = Machine::new();
    let timeline = machine.open(None);
    // While the machine is suspended, its boot-time clock continues, but its monotonic clock stands still.
    machine.0.lock().since_boot += 60_000;
    assert_eq!(timeline.mark().store_time, START + 60_000);
}

#[test]
fn a_mark_is_due_in_a_new_store_after_a_boot_after_an_hour_and_if_the_wall_clock_was_set() {
    let machine = Machine::new();
    let mut timeline = machine.open(None);
    assert!(timeline.is_mark_due());
    timeline.mark_written(timeline.mark());
    machine.pass(1_000_000);
    assert!(!timeline.is_mark_due());
    machine.set_wall(-999);
    assert!(!timeline.is_mark_due(), "an adjustment");
    machine.set_wall(-1);
    assert!(timeline.is_mark_due(), "a step");
    let mark = timeline.mark();
    timeline.mark_written(mark);
    assert!(!timeline.is_mark_due());
    machine.pass(3_600_000);
    assert!(timeline.is_mark_due(), "an hour");
    machine.boot(1);
    assert!(machine.open(Some(mark)).is_mark_due(), "a boot");
}

#[test]
fn a_mark_of_any_other_length_is_invalid() {
    let mark = Machine::new().open(None).mark();
    let bytes = mark.to_bytes();
    assert_eq!(TimeMark::from_bytes(&bytes), Some(mark));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert_eq!(TimeMark::from_bytes(&damaged), None, "byte {at} is damaged");
    }
    for length in 0..bytes.len() {
        assert_eq!(TimeMark::from_bytes(&bytes[..length]), None, "{length} bytes");
    }
    assert_eq!(TimeMark::from_bytes(&[bytes, vec![0]].concat()), None);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Run(u64),
    SetWall(i64),
    Restart(u64),
    Boot(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..10 * DOWNTIME_MAX).prop_map(Step::Run),
        (-10 * YEAR..10 * YEAR).prop_map(Step::SetWall),
        (0..10 * DOWNTIME_MAX).prop_map(Step::Restart),
        (0..10 * DOWNTIME_MAX).prop_map(Step::Boot),
    ]
}

proptest! {
    /// The store writes a mark whenever one is due, and when it is closed.
    #[test]
    fn the_store_time_never_decreases_and_its_error_is_within_the_documented_bound(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let machine = Machine::new();
        let mut timeline = machine.open(None);
        let (mut least, mut most) = (timeline.clock().store_time, timeline.clock().store_time);
        for step in steps {
            match step {
                Step::Run(millis) => {
                    machine.pass(millis);
                    (least, most) = (least + millis, most + millis);
                }
                Step::SetWall(by) => machine.set_wall(by),
                Step::Restart(off) => {
                    let mark = timeline.mark();
                    machine.pass(off);
                    timeline = machine.open(Some(mark));
                    (least, most) = (least + off, most + off);
                }
                Step::Boot(off) => {
                    let mark = timeline.mark();
                    machine.boot(off);
                    timeline = machine.open(Some(mark));
                    most += off.max(DOWNTIME_MAX);
                }
            }
            let found = timeline.mark().store_time;
            prop_assert!((least..=most).contains(&found), "{found} is not in {least}..={most} after {step:?}");
        }
    }
}

/// The wall clock when a test begins, in milliseconds since the Unix epoch: a time in 2024.
const START: u64 = 1_720_000_000_000;
const YEAR: i64 = 365 * 86_400_000;
const DOWNTIME_MAX: u64 = 86_400_000;
