//! One core that works for the broker, in virtual time: turns, and their effects. It polls every connection, so it needs no
//! wake-ups; but what waits for a commit is looked at only if the broker asked for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tidegate_broker::{
    Broker, BrokerConfig, Counters, SessionStore, Signal, Signals, TimerQueue, Totals, Turn, Workspace,
};
use tidegate_persistence::{Clock, Store};
use tidegate_session::Config as SessionConfig;

use super::setup::Setup;
use super::store::{CrashStore, Disk};
use crate::random::Random;

/// A broker with its store and its only core. It lives until the next crash.
pub(super) struct Core {
    pub(super) broker: Arc<Broker>,
    store: Arc<CrashStore>,
    workspace: Workspace,
    timers: TimerQueue,
    /// Connections whose answers wait for a commit.
    waiting: Vec<Arc<Signals>>,
    /// Whether the broker has asked to be called after a commit.
    is_awaiting: bool,
    /// Whether a commit happened since the core last looked.
    has_committed: Arc<AtomicBool>,
    /// The time at which the broker started, on both clocks.
    started: Clock,
    pub(super) now: Instant,
    turn_budget: u32,
}

impl Core {
    /// Starts a broker with the data that survived.
    pub(super) fn start(disk: Disk, setup: &Setup, clock: Clock, random: &mut Random) -> Self {
        let has_committed = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&has_committed);
        let writer_random = Random::new(random.number());
        let mut opened = None;
        let session_store = SessionStore::open(
            move || told.store(true, Ordering::Relaxed),
            |observer| {
                let store =
                    Arc::new(CrashStore::new(disk, clock, observer, writer_random, setup.store_eagerness));
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
            workspace: Workspace::new(Arc::new(Counters::default()), random.number()),
            timers: TimerQueue::default(),
            waiting: Vec::new(),
            is_awaiting: false,
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
        effects.take_waiting(&mut self.waiting);
        let mut marked = Vec::new();
        effects.take_flushes(&mut marked);
        marked.iter().for_each(|handle| handle.unmark());
        if let Some(commit) = effects.take_awaited() {
            self.is_awaiting = true;
            if self.broker.durability().is_committed(commit) {
                self.has_committed.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Handles a commit: releases what waited for it.
    pub(super) fn announce_commit(&mut self) {
        if !self.has_committed.swap(false, Ordering::Relaxed) || !self.is_awaiting {
            return;
        }
        self.is_awaiting = false;
        let broker = Arc::clone(&self.broker);
        self.turn(|turn| broker.commit_reached(turn));
        self.waiting.drain(..).for_each(|signals| signals.notify(Signal::Committed));
    }

    /// Lets the writer of the store do one step.
    pub(super) fn write_on(&mut self) {
        self.store.write_on();
    }

    /// Advances the virtual time.
    pub(super) fn pass(&mut self, time: Duration) {
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
    pub(super) fn die_in(&self, appends: usize) {
        self.store.die_in(appends);
    }

    /// Returns true if the scheduled crash has happened.
    pub(super) fn is_dead(&self) -> bool {
        self.store.is_dead()
    }

    /// Ends the process, and returns the data that survived.
    pub(super) fn crash(self) -> Disk {
        self.store.crash()
    }

    /// Returns true if everything is committed and every waiting answer was released.
    pub(super) fn is_idle(&self) -> bool {
        self.store.is_idle() && !self.has_committed.load(Ordering::Relaxed)
    }

    /// Returns the counters of the core.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        totals.add(&self.workspace.counters);
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
