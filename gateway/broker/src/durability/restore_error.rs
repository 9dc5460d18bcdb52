//! The error of [`crate::Broker::restore`].

use tidegate_persistence::LoadError;

/// The reason why the state could not be restored from the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The store could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A record cannot be restored: it contradicts others, or the configured limits no longer allow it.
    #[error("cannot restore: {0}")]
    Record(String),
}
