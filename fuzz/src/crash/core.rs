//! The only core that runs the broker's turns, in virtual time, and carries out their effects. The core polls every
//! connection, so that it needs no notifications. After a commit, it calls the broker only if the broker has requested
//! that call.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tidegate_broker::{
    Broker, BrokerConfig, CoreCounters, SessionStore, Signal, Signals, TimerQueue, Totals, Turn, Workspace,
};
use tidegate_persistence::{Clock, Store};
use tidegate_session::Config as SessionConfig;

use super::setup::Setup;
use super::store::{CrashStore, Disk};
use crate::random::Random;

/// A broker with its store and its only core. The value exists until the next crash.
pub(super) struct Core {
    pub(super) broker: Arc<Broker>,
    store: Arc<CrashStore>,
    workspace: Workspace,
    timers: TimerQueue,
    /// Signals of the connections whose acknowledgements wait for a commit.
    awaiting_commit: Vec<Arc<Signals>>,
    /// Whether the broker has requested a call after the next commit.
    wants_commit_call: bool,
    /// Whether a commit happened since the last call of `announce_commit`.
    has_committed: Arc<AtomicBool>,
    /// The time at which the broker started, on both clocks.
    started: Clock,
    pub(super) now: Instant,
    turn_budget: u32,
}

impl Core {
    /// Starts a broker with the data that survived the last crash.
    pub(super) fn start(disk: Disk, setup: &Setup, clock: Clock, random: &mut Random) -> Self {
        let has_committed = Arc::new(AtomicBool::new(false));
        let committed_flag = Arc::clone(&has_committed);
        let writer_random = Random::new(random.number());
        let mut opened = None;
        let session_store = SessionStore::open(
            move || committed_flag.store(true, Ordering::Relaxed),
            |observer| {
                let store = Arc::new(CrashStore::new(
                    disk,
                    clock,
                    observer,
                    writer_random,
                    setup.store_write_probability,
                ));
                opened = Some(Arc::clone(&store));
                Ok::<Arc<dyn Store>, Infallible>(store)
            },
        );
        let Ok(session_store) = session_store;
        let broker = Broker::new(config(setup), Some(session_store), clock.now);
        broker.restore().expect("the state that survived is consistent");
        let mut core = Self {
            broker: Arc::new(broker),
            store: opened.expect("the store was opened"),
            workspace: Workspace::new(Arc::new(CoreCounters::new(1)), random.number()),
            timers: TimerQueue::default(),
            awaiting_commit: Vec::new(),
            wants_commit_call: false,
            has_committed,
            started: clock,
            now: clock.now,
            turn_budget: setup.turn_budget,
        };
        let broker = Arc::clone(&core.broker);
        core.turn(|turn| broker.schedule_restored(turn));
        core
    }

    /// Runs one turn, then carries out its effects.
    pub(super) fn turn<R>(&mut self, work: impl FnOnce(&mut Turn<'_>) -> R) -> R {
        let outcome = work(&mut self.workspace.turn(self.now, self.turn_budget));
        self.carry_out();
        outcome
    }

    fn carry_out(&mut self) {
        let effects = &mut self.workspace.effects;
        effects.take_notifications().for_each(|(signals, signal)| signals.notify(signal));
        for timer in effects.take_timers() {
            self.timers.insert(timer);
        }
        effects.take_connections_to_wake(&mut self.awaiting_commit);
        let mut marked = Vec::new();
        effects.take_flushes(&mut marked);
        marked.iter().for_each(|handle| handle.unmark());
        if let Some(commit) = effects.take_awaited_commit() {
            self.wants_commit_call = true;
            if self.broker.durability().is_committed(commit) {
                self.has_committed.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Reports a commit to the broker, which releases the packets and acknowledgements that waited for it.
    pub(super) fn announce_commit(&mut self) {
        if !self.has_committed.swap(false, Ordering::Relaxed) || !self.wants_commit_call {
            return;
        }
        self.wants_commit_call = false;
        let broker = Arc::clone(&self.broker);
        self.turn(|turn| broker.commit_reached(turn));
        self.awaiting_commit.drain(..).for_each(|signals| signals.notify(Signal::Committed));
    }

    /// Lets the store's writer perform one step.
    pub(super) fn run_writer_step(&mut self) {
        self.store.run_writer_step();
    }

    /// Advances the virtual time and handles the timers that are due.
    pub(super) fn advance_clock(&mut self, time: Duration) {
        self.now += time;
        while let Some(timer) = self.timers.take_due(self.now) {
            let broker = Arc::clone(&self.broker);
            let _ = self.turn(|turn| broker.timeout(turn, timer));
        }
    }

    /// Returns the current time on both clocks.
    pub(super) fn clock(&self) -> Clock {
        Clock { now: self.now, store_time: self.started.store_time(self.now) }
    }

    /// Schedules a crash before one of the next `appends` appends to the store.
    pub(super) fn schedule_crash(&self, appends: usize) {
        self.store.schedule_crash(appends);
    }

    /// Returns whether the scheduled crash has happened.
    pub(super) fn has_crashed(&self) -> bool {
        self.store.has_crashed()
    }

    /// Crashes the broker and returns the data that survived.
    pub(super) fn crash(self) -> Disk {
        self.store.crash()
    }

    /// Returns whether everything is committed and every waiting acknowledgement was released.
    pub(super) fn is_idle(&self) -> bool {
        self.store.is_idle() && !self.has_committed.load(Ordering::Relaxed)
    }

    /// Returns the counters of the broker.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.workspace.counters.add_all_to(&mut totals);
        totals
    }
}

fn config(setup: &Setup) -> BrokerConfig {
    let session = SessionConfig {
        change_log: true,
        inflight_max: setup.inflight_max,
        pending_bytes_high: setup.pending_bytes_high,
        ..SessionConfig::default()
    };
    BrokerConfig { session: Arc::new(session), turn_budget: setup.turn_budget, ..BrokerConfig::default() }
}
