//! The ownership of sessions: which node may change which session.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use parking_lot::Mutex;

use crate::record::SessionId;

/// The id of a node: one broker among those that share sessions and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// The number of a lease. Later leases have greater numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseEpoch(pub u64);

/// The right of one node to change a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The session.
    pub session: SessionId,
    /// The node that owns the session.
    pub holder: NodeId,
    /// The number of the lease.
    pub epoch: LeaseEpoch,
}

/// The reason why a lease was refused: the session's lease is not the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("session {} does not have the expected lease; {}", .session.0, Self::describe(*.current))]
pub struct LeaseRefused {
    /// The session.
    pub session: SessionId,
    /// The current lease of the session; `None` if it has none.
    pub current: Option<Lease>,
}

/// Records which node owns each session.
///
/// Each lease has an epoch. A node takes a session over by naming the epoch that it replaces; if another node was
/// faster, the epoch has changed and the lease is refused.
pub trait Leases: Send + Sync {
    /// Makes `holder` the owner of a session, if `replaces` is the epoch of the session's current lease (`None` if the
    /// session must have no lease). The new lease has an epoch that no lease had before.
    ///
    /// # Errors
    /// When the session has another lease than the expected one. Nothing was changed.
    fn take(
        &self,
        session: SessionId,
        holder: NodeId,
        replaces: Option<LeaseEpoch>,
    ) -> Result<Lease, LeaseRefused>;

    /// Extends a lease. A store that several nodes share may end a lease that its holder does not renew; a store with
    /// one node only confirms that the lease is the current one.
    ///
    /// # Errors
    /// When the lease has ended or was replaced, so that its holder may no longer change the session.
    fn renew(&self, lease: &Lease) -> Result<(), LeaseRefused>;

    /// Gives a lease back. The session then has no lease.
    ///
    /// # Errors
    /// When the lease has ended or was replaced. The current lease stays.
    fn give_back(&self, lease: &Lease) -> Result<(), LeaseRefused>;
}

/// The leases of a store that one node uses. They need not survive, because only one process at a time has the store
/// open, and so no lease outlives the process that holds it. Only leases that this node has taken and not given back
/// are in memory.
#[derive(Debug, Default)]
pub struct LocalLeases(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The epoch of the newest lease of any session. An epoch is therefore never used again, even after the lease of a
    /// session was returned.
    last_epoch: u64,
    leases: HashMap<SessionId, Lease>,
}

impl Leases for LocalLeases {
    fn take(
        &self,
        session: SessionId,
        holder: NodeId,
        replaces: Option<LeaseEpoch>,
    ) -> Result<Lease, LeaseRefused> {
        let State { last_epoch, leases } = &mut *self.0.lock();
        let entry = leases.entry(session);
        let current = match &entry {
            Entry::Occupied(lease) => Some(*lease.get()),
            Entry::Vacant(_) => None,
        };
        if current.map(|lease| lease.epoch) != replaces {
            return Err(LeaseRefused { session, current });
        }
        *last_epoch += 1;
        let lease = Lease { session, holder, epoch: LeaseEpoch(*last_epoch) };
        entry.insert_entry(lease);
        Ok(lease)
    }

    fn renew(&self, lease: &Lease) -> Result<(), LeaseRefused> {
        self.0.lock().verify(lease)
    }

    fn give_back(&self, lease: &Lease) -> Result<(), LeaseRefused> {
        let mut state = self.0.lock();
        state.verify(lease)?;
        state.leases.remove(&lease.session);
        Ok(())
    }
}

impl State {
    fn verify(&self, lease: &Lease) -> Result<(), LeaseRefused> {
        let current = self.leases.get(&lease.session).copied();
        if current == Some(*lease) { Ok(()) } else { Err(LeaseRefused { session: lease.session, current }) }
    }
}

impl LeaseRefused {
    fn describe(current: Option<Lease>) -> String {
        match current {
            Some(Lease { holder, epoch, .. }) => {
                format!(
                    "its owner is node {} with epoch {}: read the epoch again before taking it over",
                    holder.0, epoch.0
                )
            }
            None => "it has no owner: take a new lease".to_owned(),
        }
    }
}
