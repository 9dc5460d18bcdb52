//! The reasons why a subscription is refused.

use tidegate_mqtt::ReasonCode;

/// The bound of [`crate::Config`] that a subscription would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The filter has more levels than `levels_max`.
    #[error("the topic filter has too many levels")]
    TooManyLevels,
    /// The filter has more single-level wildcards than `wildcards_max`.
    #[error("the topic filter has too many single-level wildcards")]
    TooManyWildcards,
    /// The router already holds `subscriptions_max` subscriptions.
    #[error("the limit of subscriptions is reached")]
    Full,
}

impl SubscribeError {
    /// Returns the reason code for SUBACK.
    pub const fn reason(self) -> ReasonCode {
        ReasonCode::QuotaExceeded
    }
}
