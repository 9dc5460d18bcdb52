//! What sessions and topics change goes to the store; what acknowledgements have to wait for comes back. Keeps nothing
//! itself: that is the store's.

mod convert;
mod restore;

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tidegate_mqtt::Message;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_persistence::{
    Appended, AtomicScope, Clock, Commit, Health, Observer, Operation, SessionId, Store, SubscriptionRecord,
};
use tidegate_session::{Change, GrantedOptions, Session};

pub use restore::RestoreError;

use super::session_handle::SessionHandle;
use crate::cores::{Core, Cores};

/// The store as the broker uses it.
pub struct SessionStore {
    engine: Arc<dyn Store>,
    clock: Clock,
    state: Arc<StoreState>,
}

/// What the store says of itself, for readers on every core.
#[derive(Default)]
struct StoreState {
    /// It has no room, or failed: nothing is taken that it would have to keep.
    refusing: AtomicBool,
    /// It failed, for good.
    failed: AtomicBool,
    /// The commit of the last batch that was as large as it should become.
    pressed: AtomicU64,
}

/// A core's lists for what changed in a session, on its way to the store; empty in between.
#[derive(Default)]
pub struct StoreScratch {
    changes: Vec<Change>,
    operations: Vec<Operation>,
}

/// Tells the cores of commits.
pub struct CommitNotifier {
    cores: Arc<Cores>,
    state: Arc<StoreState>,
}

impl SessionStore {
    /// Opens a store by `open`, which is given whom to tell.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn open<E>(
        cores: &Arc<Cores>,
        open: impl FnOnce(Arc<dyn Observer>) -> Result<Arc<dyn Store>, E>,
    ) -> Result<Self, E> {
        let state = Arc::new(StoreState::default());
        let notifier = CommitNotifier { cores: Arc::clone(cores), state: Arc::clone(&state) };
        Ok(Self { engine: open(Arc::new(notifier))?, clock: present(), state })
    }

    /// What is committed by now.
    #[must_use]
    pub fn committed(&self) -> Commit {
        self.engine.committed()
    }

    /// A session number that no session had before.
    #[must_use]
    pub fn next_session(&self) -> u64 {
        self.engine.next_session().0
    }

    /// Whether nothing is taken that would have to be kept, because the disk is full or the store failed. What was taken before,
    /// and what makes room, goes on.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.state.refusing.load(Ordering::Relaxed)
    }

    /// Whether nothing will be kept any more.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state.failed.load(Ordering::Relaxed)
    }

    /// Whether nothing more should be read until the next commit. A store that refuses presses nobody: there may be none.
    #[must_use]
    pub fn is_under_backpressure(&self) -> bool {
        Commit(self.state.pressed.load(Ordering::Relaxed)) > self.committed() && !self.is_refusing()
    }

    /// Everything that the store is told until the guard is dropped is kept together or not at all. One at a time in a thread.
    pub fn atomic_scope(&self) -> AtomicScope<'_> {
        self.engine.atomic_scope()
    }

    /// Gives a message the number that the store knows it by.
    pub fn assign_id(&self, message: &Message) {
        message.assign_id(|| self.engine.next_message().0);
    }

    /// The same message under a number of its own: a number is one delivery's in a session, which may get the message in more
    /// ways than one.
    #[must_use]
    pub fn copy_with_new_id(&self, message: &Message) -> Arc<Message> {
        Arc::new(message.clone().with_id(self.engine.next_message().0))
    }

    /// Lends the session a list for what it notes until it is followed: so that idle ones hold none.
    pub fn lend(core: &mut Core, session: &mut Session) {
        session.borrow_scratch(&mut core.store_scratch.changes);
    }

    /// Takes back what was lent, if nothing was noted.
    pub fn take_back(core: &mut Core, session: &mut Session) {
        session.take_changes(&mut core.store_scratch.changes);
    }

    /// Tells the store what changed in a session. Under the session's lock, so that it hears of changes in their order.
    pub fn save_changes(&self, core: &mut Core, handle: &SessionHandle, session: &mut Session) {
        let mut lists = mem::take(&mut core.store_scratch);
        session.take_changes(&mut lists.changes);
        for change in lists.changes.drain(..) {
            convert::change(&self.clock, handle, session, change, &mut lists.operations);
        }
        self.append(core, &mut lists.operations);
        lists.recycle();
        core.store_scratch = lists;
    }

    /// A subscription was made or replaced.
    pub fn subscribe(
        &self,
        core: &mut Core,
        handle: &SessionHandle,
        filter: &SubscriptionFilter,
        terms: &GrantedOptions,
    ) {
        let record = SubscriptionRecord {
            filter: Arc::from(filter.to_string()),
            options: terms.options,
            identifier: terms.identifier,
        };
        let operation = Operation::Subscribe { session: SessionId(handle.id()), record: Box::new(record) };
        self.append(core, &mut vec![operation]);
    }

    /// A subscription was removed.
    pub fn unsubscribe(&self, core: &mut Core, handle: &SessionHandle, filter: &SubscriptionFilter) {
        let filter = Arc::from(filter.to_string());
        self.append(core, &mut vec![Operation::Unsubscribe { session: SessionId(handle.id()), filter }]);
    }

    /// A message was retained, or its topic cleared.
    pub fn retain(&self, core: &mut Core, tenant: &Arc<str>, message: &Arc<Message>) {
        let tenant = Arc::clone(tenant);
        let operation = if message.payload().is_empty() {
            Operation::Unretain { tenant, topic: Arc::from(message.topic()) }
        } else {
            let expires_at = message.expires_at().map(|at| self.clock.wall(at));
            Operation::Retain { tenant, message: Arc::clone(message), expires_at }
        };
        self.append(core, &mut vec![operation]);
    }

    /// What is to be told of retained messages that expired: they need not be kept. Nobody waits for that.
    pub fn forgets_retained(&self, tenant: &Arc<str>) -> impl Fn(&Message) + Send + Sync + use<> {
        let (store, tenant) = (Arc::clone(&self.engine), Arc::clone(tenant));
        move |message| {
            let topic = Arc::from(message.topic());
            let _ = store.append(&mut vec![Operation::Unretain { tenant: Arc::clone(&tenant), topic }]);
        }
    }

    fn append(&self, core: &mut Core, operations: &mut Vec<Operation>) {
        if operations.is_empty() {
            return;
        }
        match self.engine.append(operations) {
            Appended::Accepted(commit) => core.owe(commit),
            Appended::Slow(commit) => {
                self.state.pressed.fetch_max(commit.0, Ordering::Relaxed);
                core.owe(commit);
            }
            // It failed for good: what depends on it is never acknowledged.
            Appended::Refused => {
                core.counters.store_refused.add(1);
                core.owe(NEVER);
            }
        }
    }
}

impl StoreScratch {
    /// Empties the lists; keeps their memory, within bounds.
    fn recycle(&mut self) {
        // A store that refused left them as they were.
        self.operations.clear();
        if self.operations.capacity() > OPERATIONS_KEPT_MAX {
            *self = Self::default();
        }
    }
}

impl Observer for CommitNotifier {
    fn committed(&self, _: Commit) {
        self.cores.announce_commit();
    }

    fn health(&self, health: &Health) {
        self.state.refusing.store(!matches!(health, Health::Working), Ordering::Relaxed);
        self.state.failed.store(matches!(health, Health::Failed(_)), Ordering::Relaxed);
    }
}

/// This moment on both clocks. The broker counts with one that never jumps.
fn present() -> Clock {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Clock { now: Instant::now(), wall: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) }
}

/// Operations whose memory a core keeps.
const OPERATIONS_KEPT_MAX: usize = 4096;
/// The number of a commit that will not be.
const NEVER: Commit = Commit(u64::MAX);
