//! The role that knows the sessions: it reads their stored records, and keeps track of which node owns each session.

use super::lease::Leases;
use super::load::{Item, Progress};
use crate::error::LoadError;
use crate::record::SessionId;

/// Reads the stored sessions and keeps track of their owners.
///
/// A session is changed only by the node that holds its [`Lease`](super::Lease).
pub trait Directory: Send + Sync {
    /// Passes every committed record to `visit` once, in the order of [`Item`]'s variants. Used when the broker starts.
    /// Takes as long as reading the file.
    ///
    /// # Errors
    /// The first record that is not valid, or an error of the engine.
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError>;

    /// Passes the committed records of one session to `visit`, in the order of [`Item`]'s variants: the session, its
    /// subscriptions, the bodies that its entries need, its entries, and its received packet ids. Passes nothing if the
    /// session is not stored. Reads only these records, after waiting for a checkpoint, which makes committed records
    /// readable.
    ///
    /// # Errors
    /// The first record that is not valid, or an error of the engine.
    fn load_session(&self, session: SessionId, visit: &mut dyn FnMut(Item<'_>)) -> Result<(), LoadError>;

    /// Returns the leases, which determine which node owns each session.
    fn leases(&self) -> &dyn Leases;
}
