//! What a core keeps for itself: read buffer, list of sessions to flush, spare buffers, routes, agenda, counters.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use tidegate_mqtt::Message;
use tidegate_persistence::Commit;

use super::placement::{CoreLoad, LastRebalance};
use super::{CoreId, Cores, RouteCache, TimerQueue};
use crate::broker::{Broker, SessionHandle, StoreScratch};
use crate::counters::Counters;
use crate::driver::{ReadBatchLists, Signals};

/// The state of one core, reached only from its own thread.
pub struct Core {
    /// Which core this is.
    pub id: CoreId,
    /// Its counters.
    pub counters: Arc<Counters>,
    /// Routes of recent topics.
    pub routes: RouteCache,
    /// What is due when.
    pub timers: TimerQueue,
    pub(super) dirty: Vec<Arc<SessionHandle>>,
    pub(super) flusher: Option<Waker>,
    read_buffer: Option<Box<[u8]>>,
    buffer_pool: Vec<Vec<u8>>,
    random: u64,
    /// The last commit that something of the present turn was appended to.
    owed: Commit,
    /// For what is told to the store.
    pub store_scratch: StoreScratch,
    /// For what a read brings.
    pub read_batch: ReadBatchLists,
    /// For frames that some receiver takes as messages.
    pub messages_scratch: Vec<Arc<Message>>,
    /// Sessions whose messages wait for a commit.
    pub awaiting_commit: Vec<Arc<SessionHandle>>,
    /// Connections whose acknowledgements wait for a commit.
    pub(super) waiting: Vec<Arc<Signals>>,
    load: CoreLoad,
}

impl Core {
    pub(crate) fn new(id: CoreId, counters: Arc<Counters>) -> Self {
        let seed = u64::try_from(id.0).unwrap_or(0).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self {
            id,
            counters,
            routes: RouteCache::default(),
            timers: TimerQueue::new(Instant::now()),
            dirty: Vec::new(),
            flusher: None,
            read_buffer: None,
            buffer_pool: Vec::new(),
            random: seed,
            owed: Commit(0),
            store_scratch: StoreScratch::default(),
            read_batch: ReadBatchLists::default(),
            messages_scratch: Vec::new(),
            awaiting_commit: Vec::new(),
            waiting: Vec::new(),
            load: CoreLoad::alone(),
        }
    }

    /// Where a connection that was just polled has to go on; `None` when it stays. `affinity_group`: the session it has to do with.
    pub fn destination(&mut self, last_rebalance: &mut LastRebalance, affinity_group: u64) -> Option<CoreId> {
        let random = &mut self.random;
        self.load.destination(last_rebalance, affinity_group, || next_random(random))
    }

    /// Takes note of the time, in case the core's load is to be measured again.
    pub fn watch(&mut self, cores: &Cores, now: Instant) {
        self.load.watch(&cores.placement, self.id, now);
    }

    /// Something was appended to the store under that commit.
    pub fn owe(&mut self, commit: Commit) {
        self.owed = self.owed.max(commit);
    }

    /// The last commit that something of this turn was appended to; 0 for none.
    #[must_use]
    pub fn owed(&self) -> Commit {
        self.owed
    }

    /// The last commit that something was appended to since the last call; 0 for none.
    pub fn take_owed(&mut self) -> Commit {
        mem::replace(&mut self.owed, Commit(0))
    }

    /// Has `signals` rung at the next commit.
    pub fn await_commit(&mut self, signals: &Arc<Signals>) {
        self.waiting.push(Arc::clone(signals));
    }

    /// Puts a session with waiting bytes on the list that the flusher works off at the end of the turn.
    pub fn mark_dirty(&mut self, handle: &Arc<SessionHandle>) {
        if !handle.mark() {
            return;
        }
        if self.dirty.is_empty()
            && let Some(flusher) = &self.flusher
        {
            flusher.wake_by_ref();
        }
        self.dirty.push(Arc::clone(handle));
    }

    /// Lends the buffer that all connections of the core read into.
    pub fn borrow_read_buffer(&mut self) -> Box<[u8]> {
        self.read_buffer.take().unwrap_or_else(|| vec![0; READ_BUFFER_LEN].into_boxed_slice())
    }

    /// Takes the read buffer back.
    pub fn return_read_buffer(&mut self, buffer: Box<[u8]>) {
        self.read_buffer = Some(buffer);
    }

    /// An empty buffer, with capacity if one is at hand.
    pub fn pooled_buffer(&mut self) -> Vec<u8> {
        self.buffer_pool.pop().unwrap_or_default()
    }

    /// Keeps an emptied buffer for the next session that needs one.
    pub fn pool_buffer(&mut self, mut buffer: Vec<u8>) {
        if self.buffer_pool.len() < SPARES_MAX && (1..=SPARE_CAPACITY_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.buffer_pool.push(buffer);
        }
    }

    /// The next number of a sequence without a pattern, for choices that need no secrecy.
    pub fn random(&mut self) -> u64 {
        next_random(&mut self.random)
    }
}

/// Makes the calling thread a core of `broker`.
pub(super) fn install(id: CoreId, broker: &Broker) {
    let Some(core_handle) = broker.cores().handle(id) else { return };
    let mut core = Core::new(id, Arc::clone(&core_handle.counters));
    core.load = CoreLoad::new(&broker.cores().placement, id, Instant::now());
    CORE.set(Some(core));
}

/// Runs `work` with the state of the core that calls.
///
/// # Panics
/// When called from a thread that is no core, or from within `work`.
pub fn with_core<R>(work: impl FnOnce(&mut Core) -> R) -> R {
    CORE.with_borrow_mut(|core| {
        let Some(core) = core.as_mut() else { unreachable!("connections are polled by cores only") };
        work(core)
    })
}

fn next_random(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

thread_local! {
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

const READ_BUFFER_LEN: usize = 64 * 1024;
const SPARES_MAX: usize = 64;
const SPARE_CAPACITY_MAX: usize = 256 * 1024;
