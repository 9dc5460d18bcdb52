//! The role that records changes: operations are appended in order, and a commit number says when they are durable.

use super::{Appended, AtomicScope, Commit, Health, Stats};
use crate::clock::Clock;
use crate::error::CloseError;
use crate::operation::Operation;
use crate::record::{MessageId, SessionId};

/// Records the changes of the broker's state.
pub trait Journal: Send + Sync {
    /// Moves all operations from the list into the open batch. The operations are committed together and in order. A
    /// store that has failed returns [`Appended::Refused`] and leaves the list unchanged. For an empty list, the result
    /// is the commit that covers everything appended before. Never waits for the disk.
    fn append(&self, operations: &mut Vec<Operation>) -> Appended;

    /// Begins an atomic scope: everything appended until the guard is dropped belongs to one commit, even in several
    /// calls. The writer waits until the scope ends. If the writer is waiting, this call waits until the writer has
    /// taken its batch. Therefore hold the guard only for a few operations in memory, and never hold two guards in one
    /// thread.
    fn atomic_scope(&self) -> AtomicScope<'_>;

    /// Returns the last commit that is durable. This is a single atomic read.
    fn latest_commit(&self) -> Commit;

    /// Returns a new session id.
    fn next_session(&self) -> SessionId;

    /// Returns a new message id.
    fn next_message(&self) -> MessageId;

    /// Returns the clock that converts between store time and the monotonic clock.
    fn clock(&self) -> Clock;

    /// Returns whether the store works and, if it does not, the reason.
    fn health(&self) -> Health;

    /// Returns counts of commits and operations, and sizes.
    fn stats(&self) -> Stats;

    /// Commits everything that was appended, and accepts nothing afterwards. Returns when everything is on disk. Later
    /// calls return the same result.
    ///
    /// # Errors
    /// When an appended operation could not be committed.
    fn close(&self) -> Result<(), CloseError>;
}
