//! What a verb returns: its outcome, and what an answer has to wait for.

use tidegate_persistence::Commit;

/// The outcome of an operation. Whoever tells a client about it waits until [`Self::commit`] is reached: an acknowledgement is
/// a promise.
#[must_use = "an answer must wait for the commit"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt<T> {
    /// What came of it.
    pub outcome: T,
    /// The commit that covers everything the operation changed; `Commit(0)` when nothing has to be stored.
    pub commit: Commit,
}

impl<T> Receipt<T> {
    /// The receipt of an operation that stored something under `commit`.
    pub fn new(outcome: T, commit: Commit) -> Self {
        Self { outcome, commit }
    }

    /// The receipt of an operation that stored nothing.
    pub fn immediate(outcome: T) -> Self {
        Self::new(outcome, Commit(0))
    }

    /// The same outcome, after another commit as well.
    pub fn after(self, commit: Commit) -> Self {
        Self { commit: self.commit.max(commit), ..self }
    }
}
