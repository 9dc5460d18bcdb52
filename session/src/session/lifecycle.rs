//! The life of a session as tables: attached, waiting, ended; and what becomes of its will. Holds no messages.
//!
//! ```text
//!            connection gone, expiry > 0           expired
//!  Attached ----------------------------> Waiting ---------> Ended
//!    ^  |                                  |   ^ will due      |
//!    |  | connection gone, expiry 0        |   `---            |
//!    |  `----------------------------------|-----------------> |
//!    `-------------------------------------+-------------------'
//!                        CONNECT
//! ```
//! A takeover is "connection gone" followed by CONNECT.

use std::time::{Duration, Instant};

use tidegate_mqtt::ReasonCode;

/// Why a network connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The client said DISCONNECT (earlier versions: with reason 0x00 and no expiry).
    Disconnect {
        /// The reason the client gave; only 0x00 discards the will. `[MQTT5-3.14.4-3]`
        reason: ReasonCode,
        /// The session expiry in seconds the client asks for now.
        session_expiry: Option<u32>,
    },
    /// The network connection closed without a DISCONNECT.
    Closed,
    /// We closed for a fault of the client.
    Violation,
    /// We closed because the client was silent for too long.
    KeepAlive,
    /// We closed because another connection took the session over.
    Takeover,
    /// We closed for reasons of our own: shutdown, an operator, a quota.
    Shutdown,
}

/// Where a session is in its lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    /// No state: never used, expired, or discarded.
    Ended,
    /// A connection serves it.
    Attached,
    /// No connection; `None` is never.
    Detached { will_at: Option<Instant>, expires_at: Option<Instant> },
}

/// What becomes of the will at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WillAction {
    /// It waits for its delay.
    Keep,
    /// It is due now.
    Publish,
    /// It is deleted unpublished.
    Discard,
}

/// What an event does to will and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) will: WillAction,
    /// Whether the state is discarded.
    pub(crate) ended: bool,
}

/// The connection is gone. The will waits at most until the session ends: expiry 0 makes it due at once.
/// `[MQTT5-3.1.2-8]` `[MQTT3-3.1.2-8]`
pub(crate) fn detach(keeps_will: bool, will_delay: u32, session_expiry: u32) -> Outcome {
    let will = match (keeps_will, will_delay.min(session_expiry)) {
        (false, _) => WillAction::Discard,
        (true, 0) => WillAction::Publish,
        (true, _) => WillAction::Keep,
    };
    Outcome { will, ended: session_expiry == 0 }
}

/// A CONNECT finds the session without a connection. Resuming cancels a waiting will, Clean Start ends the session
/// and so makes it due. `[MQTT5-3.1.3-9]` `[MQTT5-3.1.2-4]` `[MQTT3-3.1.2-6]`
pub(crate) fn reattach(clean_start: bool) -> Outcome {
    match clean_start {
        true => Outcome { will: WillAction::Publish, ended: true },
        false => Outcome { will: WillAction::Discard, ended: false },
    }
}

impl Lifecycle {
    /// The life after a connection is gone. `u32::MAX` seconds never expires.
    pub(crate) fn after_detach(outcome: Outcome, will_delay: u32, session_expiry: u32, now: Instant) -> Self {
        if outcome.ended {
            return Self::Ended;
        }
        let will_at = match outcome.will {
            WillAction::Keep => after(now, will_delay.min(session_expiry)),
            WillAction::Publish | WillAction::Discard => None,
        };
        let expires_at = if session_expiry == u32::MAX { None } else { after(now, session_expiry) };
        Self::Detached { will_at, expires_at }
    }

    /// What is due at `now`: the end of the session brings its will with it. `[MQTT5-4.1.0-2]`
    pub(crate) fn due(&self, now: Instant) -> Outcome {
        let Self::Detached { will_at, expires_at } = self else {
            return Outcome { will: WillAction::Keep, ended: false };
        };
        let ended = expires_at.is_some_and(|at| at <= now);
        let will_due = ended || will_at.is_some_and(|at| at <= now);
        Outcome { will: if will_due { WillAction::Publish } else { WillAction::Keep }, ended }
    }

    /// When [`Lifecycle::due`] has to be asked next.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        match self {
            Self::Detached { will_at: Some(will_at), expires_at: Some(expires_at) } => {
                Some(*will_at.min(expires_at))
            }
            Self::Detached { will_at, expires_at } => will_at.or(*expires_at),
            Self::Ended | Self::Attached => None,
        }
    }
}

impl Cause {
    /// Whether the will survives: only a DISCONNECT with 0x00 deletes it. `[MQTT5-3.14.4-3]` `[MQTT5-3.1.2-10]`
    pub(crate) fn keeps_will(&self) -> bool {
        !matches!(self, Self::Disconnect { reason: ReasonCode::Success, .. })
    }
}

fn after(now: Instant, seconds: u32) -> Option<Instant> {
    now.checked_add(Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests;
