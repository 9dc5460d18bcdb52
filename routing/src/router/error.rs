//! Why a subscription is refused.

use tidegate_mqtt::ReasonCode;

/// A bound of [`crate::Config`] that a subscription would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// More levels than `levels_max`.
    #[error("the topic filter has too many levels")]
    TooManyLevels,
    /// More single-level wildcards than `wildcards_max`.
    #[error("the topic filter has too many single-level wildcards")]
    TooManyWildcards,
    /// `subscriptions_max` is reached.
    #[error("no more subscriptions")]
    Full,
}

impl SubscribeError {
    /// The answer in SUBACK.
    pub const fn reason(self) -> ReasonCode {
        ReasonCode::QuotaExceeded
    }
}
