//! One session in the broker: its state behind a lock, and the handle to its present connection.

use std::fmt;
use std::hash::Hasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use siphasher::sip::SipHasher13;
use tidegate_persistence::Commit;
use tidegate_routing::Subscriber;
use tidegate_session::Session;

use crate::connection_handle::ConnectionHandle;
use crate::delivery::PublishToken;
use crate::durability::OpenScopes;
use crate::end::End;
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
    publisher: u64,
    key: SessionKey,
    tenant: TenantId,
    dirty: AtomicBool,
    online: AtomicBool,
    state: Mutex<State>,
}

/// What the lock of a session protects.
pub struct State {
    /// The protocol state.
    pub session: Session,
    /// The connection, while there is one.
    pub connection: Option<ConnectionHandle>,
    /// Retained messages still to be sent. They outlive the connection, as the subscription does that asked for them.
    pub(crate) replays: Option<Box<Replays>>,
    /// Whether a core looks after each commit at the messages that wait for one.
    pub(crate) awaiting_commit: bool,
    /// Publishes under way that have stored part of their changes to this session.
    pub(crate) open_scopes: Option<Box<OpenScopes>>,
    /// The publish of this session that takes several turns, while it does.
    pub(crate) publishing: Weak<PublishToken>,
    /// The commit of the last publish in `open_scopes` that is finished.
    pub(crate) scope_commit: Commit,
    /// The commit of the last change to whether the session is stored: it was, or an earlier one of that name was removed.
    pub(crate) stored_at_commit: Commit,
    /// When the session began, in the order of [`crate::sessions::Sessions::next_sequence`]; a publish that began before does
    /// not reach it.
    pub(crate) began_at: u64,
    /// The next timer of the session.
    pub(crate) scheduled: Option<Instant>,
}

/// A connection's claim to its session: it holds until another connection takes the session over.
#[derive(Debug, Clone)]
pub struct Ownership {
    /// The session.
    pub handle: Arc<SessionHandle>,
    /// The epoch that the connection opened.
    pub epoch: u64,
}

impl SessionHandle {
    /// The handle of a session; `tenant` is the tenant named in `key`.
    #[must_use]
    pub fn new(key: SessionKey, tenant: TenantId, session: Session) -> Self {
        let id = session.id();
        let state = State {
            session,
            connection: None,
            replays: None,
            awaiting_commit: false,
            open_scopes: None,
            publishing: Weak::new(),
            scope_commit: Commit(0),
            stored_at_commit: Commit(0),
            began_at: 0,
            scheduled: None,
        };
        Self {
            id,
            publisher: key.publisher(),
            key,
            tenant,
            dirty: AtomicBool::new(false),
            online: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// The session's id: unique in the process, and for ever if there is a store.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The id by which messages of this client are known, whichever of its sessions published them.
    #[must_use]
    pub fn publisher(&self) -> u64 {
        self.publisher
    }

    /// The session's name.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The tenant it belongs to.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Takes the lock, to read. Whoever changes the session uses [`crate::SessionGuard`]. Held for a few operations in memory,
    /// never across a call that may block.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Marks that bytes wait; `true` for the first mark since the last flush.
    #[must_use]
    pub fn mark(&self) -> bool {
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// Removes the mark, before the bytes are taken.
    pub fn unmark(&self) {
        self.dirty.store(false, Ordering::Release);
    }

    /// Whether a connection is attached. May be outdated by the time it is read.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// Records whether a connection is attached; called under the lock.
    pub(crate) fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }
}

impl Ownership {
    /// Locks the session on behalf of its connection, for what changes nothing that is stored, dropped or written.
    ///
    /// # Errors
    /// When another connection took the session over `[MQTT5-3.1.4-3]`.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, State>, End> {
        let state = self.handle.lock();
        let is_owner = state.connection.as_ref().is_some_and(|connection| connection.epoch == self.epoch);
        if is_owner { Ok(state) } else { Err(End::taken_over()) }
    }
}

/// The handle by which the routing table names a session.
#[derive(Clone)]
pub struct SessionSubscriber(pub Arc<SessionHandle>);

impl Subscriber for SessionSubscriber {
    fn id(&self) -> u64 {
        self.0.id
    }

    fn publisher(&self) -> u64 {
        self.0.publisher
    }
}

impl SessionKey {
    /// No Local compares client identifiers, even if the session that published ended long ago `[MQTT5-3.8.3-3]`. Two clients
    /// with the same hash, one in 2⁶⁴, would not see each other's messages there. Stored messages carry the hash, so it must
    /// never change.
    fn publisher(&self) -> u64 {
        let mut hasher = SipHasher13::new();
        for text in [&self.tenant, &self.client_id] {
            hasher.write(text.as_bytes());
            // Never part of a text, so that no two names are written alike.
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
