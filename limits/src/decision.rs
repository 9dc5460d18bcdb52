//! The answer of a policy: admit, delay or refuse.

use std::time::Instant;

/// The answer of a policy to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a decision has to be carried out"]
pub enum Decision {
    /// The request may be carried out now.
    Admit,
    /// The request has to wait for this event. The caller then asks again.
    Delay(Until),
    /// The request is refused. The caller counts the refusal and reports it to the client.
    Refuse(Refusal),
}

/// The event that ends a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Until {
    /// This time is reached.
    Time(Instant),
    /// The next turn of the connection begins.
    NextTurn,
    /// The store has reached the commit with this number.
    Commit(u64),
    /// Answers that were waiting for a commit have been sent to the client.
    Answers,
    /// The client has read so much that at most this many bytes wait to be written to it.
    Unwritten(usize),
}

/// The reason for a refusal. The broker core assigns a reason code and a counter to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// User name, password, certificate or token are wrong.
    #[error("the client could not be authenticated")]
    BadCredentials,
    /// The client is known, but not allowed to do this.
    #[error("the client is not authorised")]
    NotAuthorized,
    /// The client, its address or its user is banned.
    #[error("the client is banned")]
    Banned,
    /// The service that has to decide gave no answer.
    #[error("the service that authenticates clients is not available")]
    Unavailable,
    /// A rate limit is exceeded, and the request cannot be delayed.
    #[error("the client exceeds a rate limit")]
    RateExceeded,
    /// A quota is exceeded, such as that of sessions, subscriptions, messages or tenants.
    #[error("a quota is exceeded")]
    QuotaExceeded,
    /// The client does not read fast enough.
    #[error("the client reads too slowly")]
    TooSlow,
    /// The store has no room.
    #[error("the store is full")]
    StoreFull,
    /// The store failed and will store nothing more.
    #[error("the store has failed")]
    StoreFailed,
}

impl Decision {
    /// Returns the refusal, if this is one.
    #[must_use]
    pub fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Refuse(refusal) => Some(refusal),
            Self::Admit | Self::Delay(_) => None,
        }
    }
}
