//! The store as the broker uses it: what sessions and topics change goes in, what answers wait for comes out. Keeps nothing
//! itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tidegate_mqtt::Message;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_persistence::{
    Appended, AtomicScope, Clock, CloseError, Commit, Health, Observer, Operation, SessionId, Store,
    SubscriptionRecord,
};
use tidegate_session::GrantedOptions;

use crate::session_handle::SessionHandle;
use crate::turn::Turn;

/// The broker's side of a store.
pub struct SessionStore {
    engine: Arc<dyn Store>,
    clock: Clock,
    state: Arc<StoreState>,
}

/// What the store says about itself, for readers on every core.
#[derive(Default)]
struct StoreState {
    /// It has no room, or failed: nothing is accepted that it would have to keep.
    refusing: AtomicBool,
    /// It failed, for good.
    failed: AtomicBool,
    /// The commit of the last batch that had reached its bound.
    slow_until: AtomicU64,
}

/// Tells the caller of commits.
struct CommitNotifier<F> {
    on_commit: F,
    state: Arc<StoreState>,
}

impl SessionStore {
    /// Opens a store by `open`, which is given the observer to report to. `on_commit` is called after each commit, on a thread of
    /// the store: it may set a flag and wake somebody.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn open<E>(
        on_commit: impl Fn() + Send + Sync + 'static,
        open: impl FnOnce(Arc<dyn Observer>) -> Result<Arc<dyn Store>, E>,
    ) -> Result<Self, E> {
        let state = Arc::new(StoreState::default());
        let notifier = CommitNotifier { on_commit, state: Arc::clone(&state) };
        let engine = open(Arc::new(notifier))?;
        Ok(Self { clock: engine.clock(), engine, state })
    }

    /// The last commit that is stored.
    #[must_use]
    pub fn committed(&self) -> Commit {
        self.engine.committed()
    }

    /// Whether nothing is accepted that would have to be stored, because the disk is full or the store failed. What was accepted
    /// before, and what makes room, still proceeds.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.state.refusing.load(Ordering::Relaxed)
    }

    /// Whether nothing will be stored any more.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state.failed.load(Ordering::Relaxed)
    }

    /// The commit until which nothing more should be read, because the open batch has reached its bound. A store that refuses
    /// makes nobody wait: there may be no next commit.
    #[must_use]
    pub fn backpressure(&self) -> Option<Commit> {
        let commit = Commit(self.state.slow_until.load(Ordering::Relaxed));
        (commit > self.committed() && !self.is_refusing()).then_some(commit)
    }

    /// See [`crate::Durability::close`].
    ///
    /// # Errors
    /// When something appended could not be committed.
    pub fn close(&self) -> Result<(), CloseError> {
        self.engine.close()
    }

    pub(crate) fn atomic_scope(&self) -> AtomicScope<'_> {
        self.engine.atomic_scope()
    }

    pub(crate) fn engine(&self) -> &dyn Store {
        &*self.engine
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A session id that no session had before.
    pub(crate) fn next_session_id(&self) -> u64 {
        self.engine.next_session().0
    }

    /// Gives a message the id under which the store knows it.
    pub(crate) fn assign_id(&self, message: &Message) {
        message.assign_id(|| self.engine.next_message().0);
    }

    /// The same message under a new id. An id names one delivery in a session, which may get a message in more than one way.
    pub(crate) fn copy_with_new_id(&self, message: &Message) -> Arc<Message> {
        Arc::new(message.clone().with_id(self.engine.next_message().0))
    }

    /// A subscription was made or replaced.
    pub(crate) fn subscribe(
        &self,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
    ) -> Commit {
        let record = SubscriptionRecord {
            filter: Arc::from(filter.to_string()),
            options: granted.options,
            identifier: granted.identifier,
        };
        let session = SessionId(handle.id());
        self.append_one(turn, Operation::Subscribe { session, record: Box::new(record) })
    }

    /// A subscription was removed.
    pub(crate) fn unsubscribe(
        &self,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        filter: &SubscriptionFilter,
    ) -> Commit {
        let filter = Arc::from(filter.to_string());
        self.append_one(turn, Operation::Unsubscribe { session: SessionId(handle.id()), filter })
    }

    /// A message was retained, or its topic cleared.
    pub(crate) fn retain(&self, turn: &mut Turn<'_>, tenant: &Arc<str>, message: &Arc<Message>) -> Commit {
        let tenant = Arc::clone(tenant);
        let operation = if message.payload().is_empty() {
            Operation::Unretain { tenant, topic: Arc::from(message.topic()) }
        } else {
            let expires_at = message.expires_at().map(|at| self.clock.store_time(at));
            Operation::Retain { tenant, message: Arc::clone(message), expires_at }
        };
        self.append_one(turn, operation)
    }

    /// What to do when a retained message has expired: it need not be kept. Nobody waits for that.
    pub(crate) fn forgets_retained(&self, tenant: &Arc<str>) -> impl Fn(&Message) + Send + Sync + use<> {
        let (store, tenant) = (Arc::clone(&self.engine), Arc::clone(tenant));
        move |message| {
            let topic = Arc::from(message.topic());
            let _ = store.append(&mut vec![Operation::Unretain { tenant: Arc::clone(&tenant), topic }]);
        }
    }

    fn append_one(&self, turn: &mut Turn<'_>, operation: Operation) -> Commit {
        self.append(turn, &mut vec![operation])
    }

    /// Appends all of `operations`; returns the commit that covers them.
    pub(crate) fn append(&self, turn: &Turn<'_>, operations: &mut Vec<Operation>) -> Commit {
        if operations.is_empty() {
            return Commit(0);
        }
        match self.engine.append(operations) {
            Appended::Accepted(commit) => commit,
            Appended::Slow(commit) => {
                self.state.slow_until.fetch_max(commit.0, Ordering::Relaxed);
                commit
            }
            // It failed for good: what depends on it is never acknowledged.
            Appended::Refused => {
                turn.counters.store_refused.add(1);
                NEVER
            }
        }
    }
}

impl<F: Fn() + Send + Sync> Observer for CommitNotifier<F> {
    fn committed(&self, _: Commit) {
        (self.on_commit)();
    }

    fn health(&self, health: &Health) {
        self.state.refusing.store(!matches!(health, Health::Working), Ordering::Relaxed);
        self.state.failed.store(matches!(health, Health::Failed(_)), Ordering::Relaxed);
    }
}

/// A commit that is never reached.
const NEVER: Commit = Commit(u64::MAX);
