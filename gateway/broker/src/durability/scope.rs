//! The atomic scope of a publish that takes several turns. The scope keeps the changes of the publish outside the
//! store's open batch, so that no other commit waits for them, and appends them to the store all at once at the end.
//!
//! During the publish, its recipients continue to work. A later change to something in the scope (the delivery of a
//! message, or an incoming QoS 2 identifier) is added to the scope, after the change that it depends on. If a session
//! ends, its changes are removed from the scope. Packets to a client that depend on the scope wait until the scope is
//! committed.

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tidegate_mqtt::PacketId;
use tidegate_persistence::{Commit, Operation, SessionId};

use super::SessionStore;
use crate::session_handle::SessionHandle;
use crate::turn::Turn;

/// The changes of one publish.
#[derive(Debug)]
pub(crate) struct PublishScope {
    changes: Mutex<Changes>,
}

#[derive(Debug)]
enum Changes {
    Open { operations: Vec<Operation>, subjects: HashSet<Subject>, sessions: Vec<Weak<SessionHandle>> },
    Committed,
}

/// The uncommitted scopes that have changes of one session, and the commit of the session's other changes.
#[derive(Debug, Default)]
pub(crate) struct OpenScopes {
    scopes: Vec<OpenScope>,
    /// The last commit of this session's other changes since the first scope was opened.
    other_commit: Commit,
}

/// A scope that is not committed. The publish owns the scope; once the publish drops it, no packet waits for it.
#[derive(Debug)]
struct OpenScope {
    scope: Weak<PublishScope>,
    /// Position of the first packet that may belong to the scope, among the packets of the session that wait for a
    /// commit.
    begins_at: u64,
}

impl PublishScope {
    /// Creates an empty scope.
    pub(crate) fn new() -> Self {
        let changes =
            Changes::Open { operations: Vec::new(), subjects: HashSet::new(), sessions: Vec::new() };
        Self { changes: Mutex::new(changes) }
    }

    /// Appends all changes of the scope to the store. Returns the commit that covers them, and the sessions that they
    /// concern.
    pub(crate) fn commit(&self, turn: &Turn<'_>, store: &SessionStore) -> (Commit, Vec<Weak<SessionHandle>>) {
        let mut changes = self.changes.lock();
        let Changes::Open { operations, sessions, .. } = &mut *changes else {
            return (Commit(0), Vec::new());
        };
        // The operations are appended while `changes` is locked, so that a later change that depends on them is
        // appended after them.
        let commit = store.append(turn, operations);
        let sessions = mem::take(sessions);
        *changes = Changes::Committed;
        (commit, sessions)
    }

    /// Records that the scope has changes of a session. Returns `false` if the scope is committed and accepts none.
    fn add_session(&self, handle: &Arc<SessionHandle>) -> bool {
        match &mut *self.changes.lock() {
            Changes::Open { sessions, .. } => {
                sessions.push(Arc::downgrade(handle));
                true
            }
            Changes::Committed => false,
        }
    }

    /// Records that the delivery of a message belongs to the scope, although no change of it is stored yet.
    pub(crate) fn record_delivery(&self, message: u64) {
        if let Changes::Open { subjects, .. } = &mut *self.changes.lock() {
            subjects.insert(Subject::Delivery(message));
        }
    }

    /// Adds the first change to `subject`, whose later changes then belong to the scope too. Gives the operation back
    /// if the scope is committed.
    fn begin(&self, subject: Subject, operation: Operation) -> Result<(), Operation> {
        match &mut *self.changes.lock() {
            Changes::Open { operations, subjects, .. } => {
                subjects.insert(subject);
                operations.push(operation);
                Ok(())
            }
            Changes::Committed => Err(operation),
        }
    }

    /// Adds a change if its subject belongs to the scope. Gives the operation back if the subject does not, or if the
    /// scope is committed.
    fn offer(&self, subject: Subject, operation: Operation) -> Result<(), Operation> {
        match &mut *self.changes.lock() {
            Changes::Open { operations, subjects, .. } if subjects.contains(&subject) => {
                operations.push(operation);
                Ok(())
            }
            _ => Err(operation),
        }
    }

    /// Whether the scope is uncommitted and has a change of `subject`.
    fn holds(&self, subject: Subject) -> bool {
        matches!(&*self.changes.lock(), Changes::Open { subjects, .. } if subjects.contains(&subject))
    }

    /// Removes the changes of a session that ended.
    fn forget(&self, session: SessionId) {
        if let Changes::Open { operations, subjects, .. } = &mut *self.changes.lock() {
            operations.retain(|operation| operation.session() != Some(session));
            subjects.retain(|subject| !matches!(subject, Subject::Received(of, _) if *of == session.0));
        }
    }
}

/// The thing that a change concerns. All changes to one subject belong to the same scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// The delivery of the message with this id.
    Delivery(u64),
    /// An incoming QoS 2 identifier of the session with this id.
    Received(u64, PacketId),
}

impl OpenScope {
    fn refers_to(&self, scope: &Arc<PublishScope>) -> bool {
        std::ptr::eq(self.scope.as_ptr(), Arc::as_ptr(scope))
    }
}

impl OpenScopes {
    /// Records that a scope has changes of the session. `position` is the position of the session's next packet that
    /// waits for a commit.
    pub(crate) fn join(&mut self, scope: &Arc<PublishScope>, handle: &Arc<SessionHandle>, position: u64) {
        let is_known = self.scopes.iter().any(|known| known.refers_to(scope));
        if !is_known && scope.add_session(handle) {
            self.scopes.push(OpenScope { scope: Arc::downgrade(scope), begins_at: position });
        }
    }

    /// Sets the position at which each open scope begins to 0, because a new connection counts its packets from 0, and
    /// all of them must wait for the open scopes.
    pub(crate) fn move_to_new_connection(&mut self) {
        self.scopes.iter_mut().for_each(|known| known.begins_at = 0);
    }

    /// Removes a committed scope.
    pub(super) fn leave(&mut self, scope: &Arc<PublishScope>) {
        self.scopes.retain(|known| !known.refers_to(scope));
    }

    /// Returns the position before which no packet belongs to an open scope; `u64::MAX` if no scope is open.
    pub(super) fn first_scoped_position(&mut self) -> u64 {
        self.scopes.retain(|known| known.scope.strong_count() > 0);
        self.scopes.iter().map(|known| known.begins_at).min().unwrap_or(u64::MAX)
    }

    /// Adds the first change to `subject` to `scope`, and any later change to the scope that has the first change.
    /// Gives the operation back if it has to be appended to the store directly.
    pub(super) fn offer(
        &self,
        scope: Option<&Arc<PublishScope>>,
        subject: Subject,
        is_first: bool,
        mut operation: Operation,
    ) -> Result<(), Operation> {
        if is_first {
            return match scope {
                Some(scope) => scope.begin(subject, operation),
                None => Err(operation),
            };
        }
        for scope in self.iter() {
            match scope.offer(subject, operation) {
                Ok(()) => return Ok(()),
                Err(back) => operation = back,
            }
        }
        Err(operation)
    }

    /// Returns the scope to which the delivery of a message belongs.
    pub(crate) fn scope_of(&self, message: u64) -> Option<Arc<PublishScope>> {
        self.iter().find(|scope| scope.holds(Subject::Delivery(message)))
    }

    /// Removes the changes of a session that ended from all open scopes.
    pub(super) fn forget(&self, session: SessionId) {
        self.iter().for_each(|scope| scope.forget(session));
    }

    fn iter(&self) -> impl Iterator<Item = Arc<PublishScope>> {
        self.scopes.iter().filter_map(|known| known.scope.upgrade())
    }

    /// Whether no scope is open.
    pub(super) fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Records the commit of changes of the session that belong to no scope.
    pub(super) fn record_other_commit(&mut self, commit: Commit) {
        self.other_commit = self.other_commit.max(commit);
    }

    /// Returns the last commit recorded by [`Self::record_other_commit`].
    pub(super) fn other_commit(&self) -> Commit {
        self.other_commit
    }
}
