//! Tests of store time across restarts: the store writes the times of the clocks to its file, and uses them at the next
//! start.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegate_persistence::{BootId, Clock, ClockReading, Clocks, Disk, Durability, Journal};

use crate::harness::{Harness, content};
use crate::samples::open_session;
use crate::watch::Watch;

/// A machine whose clocks are set by the test.
struct Machine(Mutex<State>);

#[derive(Clone, Copy)]
struct State {
    since_boot: Duration,
    wall: Duration,
    boots: u8,
}

impl Machine {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { since_boot: Duration::ZERO, wall: START, boots: 1 })))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock());
    }

    fn open(self: &Arc<Self>, harness: &Harness) -> Disk {
        let clocks: Arc<dyn Clocks> = Arc::<Self>::clone(self);
        Disk::open_with_clocks(&harness.config, clocks, Arc::<Watch>::clone(&harness.watch)).unwrap()
    }

    /// Opens the store, and returns the store time that has passed since the store was created.
    fn age(self: &Arc<Self>, harness: &Harness) -> Duration {
        let Clock { store_time, .. } = self.open(harness).clock();
        Duration::from_millis(store_time).checked_sub(START).unwrap()
    }
}

impl Clocks for Machine {
    fn read(&self) -> ClockReading {
        let State { since_boot, wall, .. } = *self.0.lock();
        ClockReading { now: Instant::now(), since_boot, wall }
    }

    fn boot_id(&self) -> io::Result<BootId> {
        Ok(BootId([self.0.lock().boots; BootId::SIZE]))
    }
}

#[test]
fn the_store_time_continues_across_restarts_and_boots() {
    let (harness, machine) = (Harness::new(), Machine::new());
    assert_eq!(machine.age(&harness), Duration::ZERO);
    machine.change(|state| (state.since_boot, state.wall) = (HOUR, Duration::ZERO));
    assert_eq!(machine.age(&harness), HOUR, "the wall clock was set back");
    machine.change(|state| state.wall = START);
    drop(machine.open(&harness));
    machine.change(|state| *state = State { since_boot: Duration::ZERO, wall: START + HOUR, boots: 2 });
    assert_eq!(machine.age(&harness), 2 * HOUR, "an hour passed until the machine was booted");
    machine.change(|state| *state = State { since_boot: Duration::ZERO, wall: 2 * START, boots: 3 });
    assert_eq!(machine.age(&harness), 2 * HOUR + harness.config.downtime_max, "the wall clock is wrong");
}

/// Without a new mark, the file would still contain the mark of the start, with a time before the clock was set. After
/// a crash, the change of the clock would then count as downtime.
#[test]
fn an_idle_store_writes_a_time_mark_when_the_wall_clock_is_set() {
    for durability in [Durability::Always, Durability::Interval] {
        let (mut harness, machine) = (Harness::new(), Machine::new());
        harness.config.durability = durability;
        harness.config.interval = Duration::from_millis(10);
        let store = machine.open(&harness);
        let before = meta_pages(&harness);
        machine.change(|state| state.wall += 8 * HOUR);
        let deadline = Instant::now() + Duration::from_secs(60);
        while meta_pages(&harness) == before {
            assert!(Instant::now() < deadline, "the store wrote nothing within a minute");
            std::thread::yield_now();
        }
        let copy = Harness::new();
        std::fs::create_dir(&copy.config.folder).unwrap();
        std::fs::copy(harness.data(), copy.data()).unwrap();
        machine.change(|state| (state.wall, state.boots) = (state.wall + HOUR, 2));
        assert_eq!(machine.age(&copy), HOUR, "{durability:?}");
        drop(store);
    }
}

#[test]
fn a_commit_to_the_tables_writes_a_time_mark() {
    let (harness, machine) = (Harness::new(), Machine::new());
    let store = machine.open(&harness);
    machine.change(|state| (state.since_boot, state.wall) = (HOUR / 2, START + HOUR / 2));
    harness.commit_to_tables(&store, vec![open_session(1)]);
    let copy = Harness::new();
    std::fs::create_dir(&copy.config.folder).unwrap();
    std::fs::copy(harness.data(), copy.data()).unwrap();
    // The time since the commit is unknown and does not count, because the wall clock was set back.
    machine.change(|state| *state = State { since_boot: Duration::ZERO, wall: START, boots: 2 });
    assert_eq!(machine.age(&copy), HOUR / 2);
}

/// The sync point is the state when the store was opened. After a boot of the machine, the store returns to it and
/// discards the newer state.
#[test]
fn the_boot_of_the_given_clocks_decides_about_a_return_to_the_sync_point() {
    for (boots, sessions) in [(1, 1), (2, 0)] {
        let (mut harness, machine) = (Harness::new(), Machine::new());
        harness.config.durability = Durability::Interval;
        harness.config.interval = HOUR;
        let store = machine.open(&harness);
        harness.commit(&store, vec![open_session(1)]);
        let copy = Harness::new();
        std::fs::create_dir(&copy.config.folder).unwrap();
        for name in ["data.mdb", "anchor"] {
            std::fs::copy(harness.config.folder.join(name), copy.config.folder.join(name)).unwrap();
        }
        machine.change(|state| state.boots = boots);
        assert_eq!(content(&machine.open(&copy)).len(), sessions, "boot {boots}");
    }
}

/// Returns the pages of the file that change with each transaction.
fn meta_pages(harness: &Harness) -> Vec<u8> {
    let mut pages = vec![0; 2 * 4096];
    std::fs::File::open(harness.data()).unwrap().read_exact(&mut pages).unwrap();
    pages
}

/// A time in 2024, since the Unix epoch.
const START: Duration = Duration::from_secs(1_720_000_000);
const HOUR: Duration = Duration::from_secs(3600);
