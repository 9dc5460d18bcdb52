//! One session's place in the broker: the session behind its lock, and the line to its present connection.

use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use siphasher::sip::SipHasher13;
use tidegate_persistence::Commit;
use tidegate_routing::Subscriber;
use tidegate_session::{Config as SessionConfig, Session};

use super::connection_handle::ConnectionHandle;
use super::replays::Replays;
use super::tenant::Tenant;

/// The name of a session: client identifiers are unique within a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The tenant's name.
    pub tenant: Arc<str>,
    /// The client identifier.
    pub client_id: Arc<str>,
}

/// A session and the way to its connection, shared by all cores.
pub struct SessionHandle {
    id: u64,
    publisher: u64,
    key: SessionKey,
    tenant: Arc<Tenant>,
    dirty: AtomicBool,
    online: AtomicBool,
    state: Mutex<State>,
}

/// What the seat's lock protects.
pub struct State {
    /// The protocol state.
    pub session: Session,
    /// The connection, while there is one.
    pub connection: Option<ConnectionHandle>,
    /// Whether a core looks after each commit at what the session deferred.
    pub awaiting_commit: bool,
    /// Retained messages still to be sent; they outlive a connection as the subscription does that asked for them.
    pub replays: Option<Box<Replays>>,
    /// The commit that has the session from its beginning.
    pub created_at_commit: Commit,
    /// When the agenda looks at this seat next.
    pub scheduled: Option<Instant>,
}

impl SessionHandle {
    /// An empty seat for a session named `key`.
    #[must_use]
    pub fn new(id: u64, key: SessionKey, tenant: Arc<Tenant>, config: Arc<SessionConfig>) -> Self {
        Self::restored(key, tenant, Session::new(id, config))
    }

    /// The seat of a session that was kept.
    #[must_use]
    pub fn restored(key: SessionKey, tenant: Arc<Tenant>, session: Session) -> Self {
        let id = session.id();
        let state = State {
            session,
            connection: None,
            awaiting_commit: false,
            replays: None,
            created_at_commit: Commit(0),
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

    /// The session's number: unique in the process, and for ever where there is a store.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The number by which messages of this client are known, whichever of its sessions published them.
    #[must_use]
    pub fn publisher(&self) -> u64 {
        self.publisher
    }

    /// The session's name.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The topic space that this session lives in.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Takes the lock. Held for a few operations in memory, never across a call that may block.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Takes the lock on behalf of the connection of `epoch`; `None` when another connection took the session over.
    ///
    /// Invariant: a connection changes its session only through this guard.
    pub fn own(&self, epoch: u64) -> Option<MutexGuard<'_, State>> {
        let state = self.state.lock();
        let owned = state.connection.as_ref().is_some_and(|connection| connection.epoch == epoch);
        owned.then_some(state)
    }

    /// Marks that bytes wait; `true` for the first mark since the last flush.
    #[must_use]
    pub fn mark(&self) -> bool {
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// Takes the mark back, before the bytes are taken.
    pub fn unmark(&self) {
        self.dirty.store(false, Ordering::Release);
    }

    /// Whether a connection is attached. May be stale by the time it is read.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// Says whether a connection is attached; called under the lock.
    pub fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }
}

/// The handle by which the routing table names a session.
#[derive(Clone)]
pub struct Member(pub Arc<SessionHandle>);

impl Subscriber for Member {
    fn id(&self) -> u64 {
        self.0.id
    }

    fn publisher(&self) -> u64 {
        self.0.publisher
    }
}

impl SessionKey {
    /// No Local goes by the client identifier, also when the session that published is long over `[MQTT5-3.8.3-3]`. Two
    /// clients with the same number, one of 2⁶⁴, would not see each other's messages there. What is stored bears the number:
    /// it is the same for ever.
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
        f.debug_struct("Seat").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::SessionKey;

    #[test]
    fn a_publisher_has_one_number_for_ever() {
        let key = SessionKey { tenant: Arc::from("default"), client_id: Arc::from("sensor-7") };
        assert_eq!(key.publisher(), 0xfca4_0f28_5a79_70d3);
    }
}
