//! One session in the broker: its state behind a lock, and the handle to its current connection.

use std::fmt;
use std::hash::Hasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use siphasher::sip::SipHasher13;
use tidegate_persistence::Commit;
use tidegate_session::Session;

use crate::connection_handle::ConnectionHandle;
use crate::context::ClientContext;
use crate::delivery::PublishToken;
use crate::durability::OpenScopes;
use crate::end::End;
use crate::registry::HashedKey;
use crate::replays::Replays;
use crate::tenant::TenantId;

/// The name of a session: client identifiers are unique within a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The tenant's name.
    pub tenant: Arc<str>,
    /// The client identifier.
    pub client_id: Arc<str>,
}

/// A session and its connection, shared by all cores.
pub struct SessionHandle {
    id: u64,
    /// See [`SessionKey::publisher`].
    publisher: u64,
    key: SessionKey,
    key_hash: u64,
    tenant: TenantId,
    /// Whether the session is marked for a flush; see [`Self::mark`].
    dirty: AtomicBool,
    online: AtomicBool,
    state: Mutex<State>,
}

/// The data that the lock of a session protects.
pub struct State {
    /// The protocol state.
    pub session: Session,
    /// The client: as its last connection was admitted, or the internal context of the tenant if it has not connected
    /// since the broker started.
    pub(crate) context: Arc<ClientContext>,
    /// The current connection, if any.
    pub connection: Option<ConnectionHandle>,
    /// The unfinished replays of retained messages. Like the subscriptions, they outlive the connection.
    pub(crate) replays: Option<Box<Replays>>,
    /// Whether a core will handle this session after the next commit, because packets wait for a commit.
    pub(crate) awaiting_commit: bool,
    /// The scopes of unfinished publishes that have changes of this session.
    pub(crate) open_scopes: Option<Box<OpenScopes>>,
    /// The token of this session's own unfinished publish, if any.
    pub(crate) publishing: Weak<PublishToken>,
    /// The last commit of a scope that was removed from `open_scopes`.
    pub(crate) scope_commit: Commit,
    /// The commit of the last change that stored the session, or removed an earlier session of the same name from the
    /// store.
    pub(crate) stored_at_commit: Commit,
    /// Whether a drop of messages was logged since the connection began.
    pub(crate) has_reported_drops: bool,
    /// The sequence number of the session's beginning, from [`crate::sessions::Sessions::next_sequence`]. A publish
    /// with a smaller number is not delivered to the session.
    pub(crate) beginning_sequence: u64,
    /// The time of the session's next timer.
    pub(crate) scheduled: Option<Instant>,
}

/// The right of a connection to change its session. The right ends when another connection takes the session over.
#[derive(Debug, Clone)]
pub struct Ownership {
    /// The session.
    pub handle: Arc<SessionHandle>,
    /// The session's epoch that began with this connection.
    pub epoch: u64,
}

impl SessionHandle {
    /// Creates the handle of a session of the client `context`. `key` names the tenant of the context.
    #[must_use]
    pub fn new(key: HashedKey, context: Arc<ClientContext>, session: Session) -> Self {
        let HashedKey { key, hash: key_hash } = key;
        let (id, tenant) = (session.id(), context.tenant);
        let state = State {
            session,
            context,
            connection: None,
            replays: None,
            awaiting_commit: false,
            open_scopes: None,
            publishing: Weak::new(),
            scope_commit: Commit(0),
            stored_at_commit: Commit(0),
            has_reported_drops: false,
            beginning_sequence: 0,
            scheduled: None,
        };
        Self {
            id,
            publisher: key.publisher(),
            key,
            key_hash,
            tenant,
            dirty: AtomicBool::new(false),
            online: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Returns the session's id. The id is unique in the process and, if there is a store, never reused.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the id of the client as a publisher, which is the same for all sessions with this client identifier.
    #[must_use]
    pub fn publisher(&self) -> u64 {
        self.publisher
    }

    /// Returns the tenant and client identifier of the session.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Returns the hash of the key in the registry.
    pub(crate) fn key_hash(&self) -> u64 {
        self.key_hash
    }

    /// Returns the tenant that the session belongs to.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Locks the state to read it. Changes need a [`crate::SessionGuard`]. The lock must be held only for a few
    /// operations in memory, never during a call that may block.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Marks the session as having bytes to write. Returns `true` if it was not marked.
    #[must_use]
    pub fn mark(&self) -> bool {
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// Removes the mark. Call this before taking the bytes.
    pub fn unmark(&self) {
        self.dirty.store(false, Ordering::Release);
    }

    /// Whether a connection is attached. The value may be outdated when the caller uses it.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// Records whether a connection is attached. The caller must hold the lock of the session.
    pub(crate) fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }
}

impl Ownership {
    /// Locks the session on behalf of its connection, for operations after which there is nothing to store, count or
    /// write.
    ///
    /// # Errors
    /// When another connection took the session over `[MQTT5-3.1.4-3]`.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, State>, End> {
        let state = self.handle.lock();
        let is_owner = state.connection.as_ref().is_some_and(|connection| connection.epoch == self.epoch);
        if is_owner { Ok(state) } else { Err(End::taken_over()) }
    }
}

impl SessionKey {
    /// Returns the id of the client as a publisher: a hash of tenant and client identifier. The option No Local
    /// compares these ids, even if the session that published has ended since `[MQTT5-3.8.3-3]`. If two clients had the
    /// same hash (the probability is 1 in 2⁶⁴), they would not get each other's messages through such subscriptions.
    /// Stored messages contain the hash, so the hash function must never change.
    fn publisher(&self) -> u64 {
        let mut hasher = SipHasher13::new();
        for text in [&self.tenant, &self.client_id] {
            hasher.write(text.as_bytes());
            // This byte never occurs in UTF-8, so it separates the two texts unambiguously.
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionHandle").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::SessionKey;

    #[test]
    fn the_publisher_id_of_a_client_never_changes() {
        let key = SessionKey { tenant: Arc::from("default"), client_id: Arc::from("sensor-7") };
        assert_eq!(key.publisher(), 0xfca4_0f28_5a79_70d3);
    }
}
