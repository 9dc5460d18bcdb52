//! The atomic scope of a publish that takes several turns. Its changes stay here, outside the store's open batch, so that
//! nobody else's commit waits for them; they are appended in one piece at the end.
//!
//! Meanwhile the sessions go on. A later change to something in the scope (the delivery of a message, an incoming QoS 2
//! identifier) joins the scope, behind the change it depends on. If the session itself ends, its part of the scope is removed.
//! What a session tells its client about anything in the scope waits until the scope is committed.

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
    /// The publisher's session.
    publisher: u64,
    changes: Mutex<Changes>,
}

#[derive(Debug)]
enum Changes {
    Open { operations: Vec<Operation>, subjects: HashSet<Subject>, sessions: Vec<Weak<SessionHandle>> },
    Committed,
}

/// The scopes that have changes of one session, and what its messages have to wait for besides.
#[derive(Debug, Default)]
pub(crate) struct OpenScopes {
    scopes: Vec<Arc<PublishScope>>,
    /// The last commit of this session's other changes since the first scope was opened.
    other_commit: Commit,
}

impl PublishScope {
    /// An empty scope for a publish by the session with that id.
    pub(crate) fn new(publisher: u64) -> Self {
        let changes =
            Changes::Open { operations: Vec::new(), subjects: HashSet::new(), sessions: Vec::new() };
        Self { publisher, changes: Mutex::new(changes) }
    }

    /// Appends everything to the store; returns the commit that covers it, and the sessions that have changes in it.
    pub(crate) fn commit(&self, turn: &Turn<'_>, store: &SessionStore) -> (Commit, Vec<Weak<SessionHandle>>) {
        let mut changes = self.changes.lock();
        let Changes::Open { operations, sessions, .. } = &mut *changes else {
            return (Commit(0), Vec::new());
        };
        // Under the lock: a change that depends on these comes after them, wherever it goes.
        let commit = store.append(turn, operations);
        let sessions = mem::take(sessions);
        *changes = Changes::Committed;
        (commit, sessions)
    }

    /// Notes that it has changes of a session; `false` if it is committed, so that it takes none.
    fn add_session(&self, handle: &Arc<SessionHandle>) -> bool {
        match &mut *self.changes.lock() {
            Changes::Open { sessions, .. } => {
                sessions.push(Arc::downgrade(handle));
                true
            }
            Changes::Committed => false,
        }
    }

    /// Notes that something belongs here, though it has not changed.
    fn keep(&self, subject: Subject) {
        if let Changes::Open { subjects, .. } = &mut *self.changes.lock() {
            subjects.insert(subject);
        }
    }

    /// Takes the first change to something. Gives it back if the scope is committed.
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

    /// Takes a change if it belongs here. Gives it back if it does not, or the scope is committed.
    fn offer(&self, subject: Subject, operation: Operation) -> Result<(), Operation> {
        match &mut *self.changes.lock() {
            Changes::Open { operations, subjects, .. } if subjects.contains(&subject) => {
                operations.push(operation);
                Ok(())
            }
            _ => Err(operation),
        }
    }

    /// Whether something is in it that is not committed.
    fn holds(&self, subject: Subject) -> bool {
        matches!(&*self.changes.lock(), Changes::Open { subjects, .. } if subjects.contains(&subject))
    }

    /// Removes what concerns a session that ended.
    fn forget(&self, session: SessionId) {
        if let Changes::Open { operations, subjects, .. } = &mut *self.changes.lock() {
            operations.retain(|operation| operation.session() != Some(session));
            subjects.retain(|subject| !matches!(subject, Subject::Received(of, _) if *of == session.0));
        }
    }
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// The delivery of the message with that id.
    Delivery(u64),
    /// An incoming QoS 2 identifier of the session with that id.
    Received(u64, PacketId),
}

impl OpenScopes {
    /// Records that a scope has changes of the session.
    pub(super) fn enter(&mut self, scope: &Arc<PublishScope>, handle: &Arc<SessionHandle>) {
        let is_known = self.scopes.iter().any(|known| Arc::ptr_eq(known, scope));
        if !is_known && scope.add_session(handle) {
            self.scopes.push(Arc::clone(scope));
        }
    }

    /// Records that a message of a scope is in the session, which does not store it.
    pub(crate) fn keep(&mut self, scope: &Arc<PublishScope>, handle: &Arc<SessionHandle>, message: u64) {
        self.enter(scope, handle);
        scope.keep(Subject::Delivery(message));
    }

    /// Removes a scope that is committed; `true` when no other is left.
    pub(super) fn leave(&mut self, scope: &Arc<PublishScope>) -> bool {
        self.scopes.retain(|known| !Arc::ptr_eq(known, scope));
        self.is_empty()
    }

    /// Puts the first change to something into `scope`, any other change where the first one is; gives back what goes to the
    /// store directly.
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
        for scope in &self.scopes {
            match scope.offer(subject, operation) {
                Ok(()) => return Ok(()),
                Err(back) => operation = back,
            }
        }
        Err(operation)
    }

    /// Whether a publish of that session is under way. Its incoming identifiers are not committed, or the session has not heard
    /// under which commit they are.
    pub(crate) fn has_publisher(&self, session: u64) -> bool {
        self.scopes.iter().any(|scope| scope.publisher == session)
    }

    /// The scope that the delivery of a message is in.
    pub(crate) fn scope_of(&self, message: u64) -> Option<Arc<PublishScope>> {
        self.scopes.iter().find(|scope| scope.holds(Subject::Delivery(message))).cloned()
    }

    /// The session ended: nothing of it is stored by a scope.
    pub(super) fn forget(&self, session: SessionId) {
        self.scopes.iter().for_each(|scope| scope.forget(session));
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Notes that the session stored something else.
    pub(super) fn note(&mut self, commit: Commit) {
        self.other_commit = self.other_commit.max(commit);
    }

    /// See [`Self::note`].
    pub(super) fn other_commit(&self) -> Commit {
        self.other_commit
    }
}
