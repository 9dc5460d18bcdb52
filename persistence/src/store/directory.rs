//! The role that knows the sessions: reads what is stored of them, and which node owns each of them.

use super::lease::{Lease, LeaseEpoch, LeaseRefused, NodeId};
use super::load::{Item, Progress};
use crate::error::LoadError;
use crate::record::SessionId;

/// Reads the stored sessions and keeps track of their owners.
///
/// A session is changed only by the node that holds its [`Lease`]. Each lease has an epoch. A node takes a session over
/// by naming the epoch that it replaces; if another node was faster, the epoch has changed and the lease is refused.
pub trait Directory: Send + Sync {
    /// Passes every committed record to `visit` once, in the order of [`Item`]'s variants. Used when the broker starts.
    /// Takes as long as reading the file.
    ///
    /// # Errors
    /// The first record that is not valid, or an error of the engine.
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError>;

    /// Passes the committed records of one session to `visit`, in the order of [`Item`]'s variants: the session, its
    /// subscriptions, the bodies that its entries need, its entries, and its received packet ids. Passes nothing if nothing
    /// is stored of the session. Reads only these records, after waiting for a checkpoint, which makes committed records
    /// readable.
    ///
    /// # Errors
    /// The first record that is not valid, or an error of the engine.
    fn load_session(&self, session: SessionId, visit: &mut dyn FnMut(Item<'_>)) -> Result<(), LoadError>;

    /// Makes `holder` the owner of a session, if `replaces` is the epoch of the session's current lease (`None` if the
    /// session must have no lease). The new lease has an epoch that no lease had before.
    ///
    /// # Errors
    /// When the session has another lease than the expected one. Nothing was changed.
    fn take_lease(
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
    fn renew_lease(&self, lease: &Lease) -> Result<(), LeaseRefused>;

    /// Gives a lease back. The session then has no lease.
    ///
    /// # Errors
    /// When the lease has ended or was replaced. The current lease stays.
    fn return_lease(&self, lease: &Lease) -> Result<(), LeaseRefused>;
}
