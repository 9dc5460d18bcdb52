//! The state of one core (workspace of the broker, buffers, timers, load), and how the core carries out the effects of
//! a turn.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use tidegate_broker::{
    Broker, CoreCounters, CoreId, SessionHandle, Signal, Signals, TimerQueue, Turn, Workspace,
};

use super::Cores;
use super::buffers::Buffers;
use super::placement::{CoreLoad, LastRebalance};
use crate::clock;

/// The state of one core, reached only from its own thread.
pub struct Core {
    id: CoreId,
    broker: Arc<Broker>,
    cores: Arc<Cores>,
    workspace: Workspace,
    pub(super) timers: TimerQueue,
    flusher: Option<Waker>,
    pub(super) timer_task: Option<Waker>,
    /// Whether the flusher was woken since it last ran.
    is_flusher_woken: bool,
    buffers: Buffers,
    /// Signals of the connections that have answers waiting for a commit.
    awaiting_commit: Vec<Arc<Signals>>,
    load: CoreLoad,
}

impl Core {
    fn new(id: CoreId, cores: &Arc<Cores>, broker: &Arc<Broker>) -> Option<Self> {
        let handle = cores.core(id)?;
        let seed = u64::try_from(id.0).unwrap_or(0).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some(Self {
            id,
            broker: Arc::clone(broker),
            cores: Arc::clone(cores),
            workspace: Workspace::new(Arc::clone(&handle.counters), seed),
            timers: TimerQueue::default(),
            flusher: None,
            timer_task: None,
            is_flusher_woken: false,
            buffers: Buffers::default(),
            awaiting_commit: Vec::new(),
            load: CoreLoad::new(&cores.placement, id, clock::now()),
        })
    }

    /// Returns the number of this core.
    #[must_use]
    pub fn id(&self) -> CoreId {
        self.id
    }

    /// Returns the counters of this core.
    #[must_use]
    pub fn counters(&self) -> &CoreCounters {
        &self.workspace.counters
    }

    /// Returns all cores.
    #[must_use]
    pub fn cores(&self) -> &Arc<Cores> {
        &self.cores
    }

    /// Runs one turn of the broker, then carries out its effects.
    pub fn run_turn<R>(&mut self, now: Instant, work: impl FnOnce(&mut Turn<'_>, &mut Buffers) -> R) -> R {
        let budget = self.broker.config().turn_budget;
        let outcome = work(&mut self.workspace.turn(now, budget), &mut self.buffers);
        self.carry_out();
        outcome
    }

    /// Returns the core that a connection has to move to after its turn; `None` if the connection stays. Connections
    /// that exchange messages have the same `affinity_group`.
    pub fn rebalance_target(
        &mut self,
        last_rebalance: &mut LastRebalance,
        affinity_group: u64,
    ) -> Option<CoreId> {
        let random = &mut self.workspace.random;
        self.load.rebalance_target(last_rebalance, affinity_group, || random.next_number())
    }

    /// Measures the load of this core if a measurement is due.
    pub fn measure_load(&mut self, now: Instant) {
        self.load.measure(&self.cores.placement, self.id, now);
    }

    /// Records the waker of the flusher, which is running. Until the flusher calls [`Self::take_flushes`], marking a
    /// session does not wake the flusher again.
    pub(super) fn begin_flush(&mut self, waker: &Waker) {
        if self.flusher.is_none() {
            self.flusher = Some(waker.clone());
        }
        self.is_flusher_woken = true;
    }

    /// Appends the marked sessions to `into`. From now on, marking a session wakes the flusher again.
    pub(super) fn take_flushes(&mut self, into: &mut Vec<Arc<SessionHandle>>) {
        self.workspace.effects.take_flushes(into);
        self.is_flusher_woken = false;
    }

    /// Wakes the connections with answers that wait for a commit.
    pub(super) fn wake_awaiting_commit(&mut self) {
        self.awaiting_commit.drain(..).for_each(|signals| signals.notify(Signal::Committed));
    }

    fn carry_out(&mut self) {
        let effects = &mut self.workspace.effects;
        if effects.has_flushes()
            && !mem::replace(&mut self.is_flusher_woken, true)
            && let Some(flusher) = &self.flusher
        {
            flusher.wake_by_ref();
        }
        if !effects.is_quiet() {
            self.carry_out_other_effects();
        }
    }

    fn carry_out_other_effects(&mut self) {
        let effects = &mut self.workspace.effects;
        for (signals, signal) in effects.take_notifications() {
            signals.notify(signal);
        }
        for timer in effects.take_timers() {
            if self.timers.insert(timer)
                && let Some(task) = &self.timer_task
            {
                task.wake_by_ref();
            }
        }
        effects.take_connections_to_wake(&mut self.awaiting_commit);
        if let Some(commit) = effects.take_awaited_commit()
            && let Some(handle) = self.cores.core(self.id)
        {
            handle.mailbox.await_commit();
            if self.broker.durability().is_committed(commit) {
                handle.mailbox.announce_commit();
            }
        }
    }
}

/// Makes the calling thread the core `id`, which carries connections of `broker`.
pub(super) fn install(id: CoreId, cores: &Arc<Cores>, broker: &Arc<Broker>) {
    CORE.set(Core::new(id, cores, broker));
}

/// Runs `work` with the state of the core on whose thread it is called.
///
/// # Panics
/// If the calling thread is not a core, or if `work` calls this function again.
pub fn with_core<R>(work: impl FnOnce(&mut Core) -> R) -> R {
    CORE.with_borrow_mut(|core| {
        let Some(core) = core.as_mut() else { unreachable!("connections are polled by cores only") };
        work(core)
    })
}

thread_local! {
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}
