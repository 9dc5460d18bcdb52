//! The result of a verb: its outcome, and the commit that an answer has to wait for.

use tidegate_persistence::Commit;

/// The outcome of an operation. An answer to the client must not be sent before [`Self::commit`] is reached, because an
/// acknowledgement promises that the change is stored.
#[must_use = "an answer must wait for the commit"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt<T> {
    /// The outcome.
    pub outcome: T,
    /// The commit that covers everything the operation changed; `Commit(0)` when nothing has to be stored.
    pub commit: Commit,
}

impl<T> Receipt<T> {
    /// Creates the receipt of an operation whose changes are stored under `commit`.
    pub fn new(outcome: T, commit: Commit) -> Self {
        Self { outcome, commit }
    }

    /// Creates the receipt of an operation that stores nothing.
    pub fn immediate(outcome: T) -> Self {
        Self::new(outcome, Commit(0))
    }

    /// Returns the receipt with the same outcome and a commit that also covers `commit`.
    pub fn after(self, commit: Commit) -> Self {
        Self { commit: self.commit.max(commit), ..self }
    }
}
