//! The broker's interface to the store: appends the changes of sessions and retained messages, and returns the commits
//! that answers wait for. The interface holds no data itself.

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

/// The state that the store has reported, readable from every core.
#[derive(Default)]
struct StoreState {
    /// Whether the store has no room or failed, so that it refuses new data.
    refusing: AtomicBool,
    /// Whether the store failed permanently.
    failed: AtomicBool,
    /// The commit of the last batch that reached its size limit. Until this commit is reached, the broker should not
    /// read from clients.
    slow_until: AtomicU64,
}

/// An observer that calls `on_commit` after each commit and records the health of the store.
struct CommitNotifier<F> {
    on_commit: F,
    state: Arc<StoreState>,
}

impl SessionStore {
    /// Opens a store with the function `open`, which gets the observer that the store must report to. `on_commit` is
    /// called after each commit, on a thread of the store. `on_commit` must not block; it may set a flag and wake
    /// another thread.
    ///
    /// # Errors
    /// If `open` fails.
    pub fn open<E>(
        on_commit: impl Fn() + Send + Sync + 'static,
        open: impl FnOnce(Arc<dyn Observer>) -> Result<Arc<dyn Store>, E>,
    ) -> Result<Self, E> {
        let state = Arc::new(StoreState::default());
        let notifier = CommitNotifier { on_commit, state: Arc::clone(&state) };
        let engine = open(Arc::new(notifier))?;
        Ok(Self { clock: engine.clock(), engine, state })
    }

    /// Returns the last commit that the store has reached.
    #[must_use]
    pub fn latest_commit(&self) -> Commit {
        self.engine.latest_commit()
    }

    /// Whether the store refuses new data, because the disk is full or the store failed. Operations that were accepted
    /// before, and operations that free space, are still carried out.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.state.refusing.load(Ordering::Relaxed)
    }

    /// Whether the store failed permanently, so that nothing will be stored any more.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state.failed.load(Ordering::Relaxed)
    }

    /// Returns the commit before which nothing more should be read from clients, because the open batch has reached its
    /// size limit. If the store refuses new data, returns `None`, because there may be no next commit.
    #[must_use]
    pub fn backpressure(&self) -> Option<Commit> {
        let commit = Commit(self.state.slow_until.load(Ordering::Relaxed));
        (commit > self.latest_commit() && !self.is_refusing()).then_some(commit)
    }

    /// Closes the store, as described at [`crate::Durability::close`].
    ///
    /// # Errors
    /// When an appended operation could not be committed.
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

    /// Returns a session id that no session had before.
    pub(crate) fn next_session_id(&self) -> u64 {
        self.engine.next_session().0
    }

    /// Assigns an id to a message, unless it has one. The store identifies messages by this id.
    pub(crate) fn assign_id(&self, message: &Message) {
        message.assign_id(|| self.engine.next_message().0);
    }

    /// Returns a copy of the message with a new id. Within a session, a message id stands for one delivery, but a
    /// session may get the same message several times, through different subscriptions.
    pub(crate) fn copy_with_new_id(&self, message: &Message) -> Arc<Message> {
        Arc::new(message.clone().with_id(self.engine.next_message().0))
    }

    /// Appends that a subscription was made or replaced. Returns its commit.
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

    /// Appends that a subscription was removed. Returns its commit.
    pub(crate) fn unsubscribe(
        &self,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        filter: &SubscriptionFilter,
    ) -> Commit {
        let filter = Arc::from(filter.to_string());
        self.append_one(turn, Operation::Unsubscribe { session: SessionId(handle.id()), filter })
    }

    /// Appends that a message was retained or, if its payload is empty, that the retained message of its topic was
    /// deleted. Returns the commit.
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

    /// Returns the function to call, with the name of the tenant, for a retained message that has expired. The
    /// returned function deletes the message from the store, without waiting for the commit.
    pub(crate) fn retained_expiry_handler(
        &self,
    ) -> impl Fn(&Arc<str>, &Message) + Clone + Send + Sync + use<> {
        let store = Arc::clone(&self.engine);
        move |tenant, message| {
            let topic = Arc::from(message.topic());
            let _ = store.append(&mut vec![Operation::Unretain { tenant: Arc::clone(tenant), topic }]);
        }
    }

    fn append_one(&self, turn: &mut Turn<'_>, operation: Operation) -> Commit {
        self.append(turn, &mut vec![operation])
    }

    /// Appends all of `operations`, and returns the commit that covers them.
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
            // The store has failed permanently, so no answer that waits for the refused operations is ever sent.
            Appended::Refused => {
                turn.counters.store_refused.add(1);
                NEVER_COMMITTED
            }
        }
    }
}

impl<F: Fn() + Send + Sync> Observer for CommitNotifier<F> {
    fn on_commit(&self, _: Commit) {
        (self.on_commit)();
    }

    fn on_health_change(&self, health: &Health) {
        self.state.refusing.store(!matches!(health, Health::Working), Ordering::Relaxed);
        self.state.failed.store(matches!(health, Health::Failed(_)), Ordering::Relaxed);
    }
}

/// A commit that is never reached.
const NEVER_COMMITTED: Commit = Commit(u64::MAX);
