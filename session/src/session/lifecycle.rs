//! The lifecycle of a session as state tables (attached, detached, ended), and what happens to its will. The module
//! holds no messages.
//!
//! ```text
//!            connection closed, expiry > 0          expired
//!  Attached ----------------------------> Detached ---------> Ended
//!    ^  |                                  |   ^ will due       |
//!    |  | connection closed, expiry 0      |   `---             |
//!    |  `----------------------------------|------------------> |
//!    `-------------------------------------+--------------------'
//!                        CONNECT
//! ```
//! A takeover consists of the transition "connection closed" followed by CONNECT.

use std::time::{Duration, Instant};

use tidegate_mqtt::ReasonCode;

/// Why a network connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The client sent DISCONNECT. Before MQTT 5, DISCONNECT is treated as one with reason 0x00 and without session
    /// expiry.
    Disconnect {
        /// The reason code of the DISCONNECT; only 0x00 discards the will. `[MQTT5-3.14.4-3]`
        reason: ReasonCode,
        /// The session expiry that the client now requests, in seconds.
        session_expiry: Option<u32>,
    },
    /// The network connection closed without a DISCONNECT.
    Closed,
    /// The server closed the connection because the client violated the protocol.
    Violation,
    /// The server closed the connection because the client sent nothing for 1.5 times the keep alive.
    KeepAlive,
    /// The server closed the connection because another connection took the session over.
    Takeover,
    /// The server closed the connection for a reason other than the client's behaviour: shutdown, an operator, a quota.
    Shutdown,
}

/// The state of a session in its lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    /// The session has no state: it was never used, has expired, or was discarded.
    Ended,
    /// A connection is attached.
    Attached,
    /// No connection is attached. `will_at` is the time at which the will is published, `expires_at` the time at which
    /// the session ends; `None` means never.
    Detached { will_at: Option<Instant>, expires_at: Option<Instant> },
}

/// What an event does to the will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WillAction {
    /// The will is kept until its delay has passed.
    Keep,
    /// The will is published now.
    Publish,
    /// The will is deleted without being published.
    Discard,
}

/// What an event does to the will and the session state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) will: WillAction,
    /// Whether the session state is discarded.
    pub(crate) session_ended: bool,
}

/// Returns the outcome of a closed connection. The will is delayed at most until the session ends, so with session
/// expiry 0 it is published immediately. `[MQTT5-3.1.2-8]` `[MQTT3-3.1.2-8]`
pub(crate) fn detach(keeps_will: bool, will_delay: u32, session_expiry: u32) -> Outcome {
    let will = match (keeps_will, will_delay.min(session_expiry)) {
        (false, _) => WillAction::Discard,
        (true, 0) => WillAction::Publish,
        (true, _) => WillAction::Keep,
    };
    Outcome { will, session_ended: session_expiry == 0 }
}

/// Returns the outcome of a CONNECT for a detached session. Resuming the session cancels a delayed will. Clean Start
/// ends the session, so its delayed will is published. `[MQTT5-3.1.3-9]` `[MQTT5-3.1.2-4]` `[MQTT3-3.1.2-6]`
pub(crate) fn reattach(clean_start: bool) -> Outcome {
    match clean_start {
        true => Outcome { will: WillAction::Publish, session_ended: true },
        false => Outcome { will: WillAction::Discard, session_ended: false },
    }
}

impl Lifecycle {
    /// Returns the state after a connection has closed. A session expiry of `u32::MAX` means that the session never
    /// expires.
    pub(crate) fn after_detach(outcome: Outcome, will_delay: u32, session_expiry: u32, now: Instant) -> Self {
        if outcome.session_ended {
            return Self::Ended;
        }
        let will_at = match outcome.will {
            WillAction::Keep => time_after(now, will_delay.min(session_expiry)),
            WillAction::Publish | WillAction::Discard => None,
        };
        let expires_at = if session_expiry == u32::MAX { None } else { time_after(now, session_expiry) };
        Self::Detached { will_at, expires_at }
    }

    /// Returns the outcome of the timers that have expired at `now`. When the session ends, its will is published.
    /// `[MQTT5-4.1.0-2]`
    pub(crate) fn due(&self, now: Instant) -> Outcome {
        let Self::Detached { will_at, expires_at } = self else {
            return Outcome { will: WillAction::Keep, session_ended: false };
        };
        let session_ended = expires_at.is_some_and(|at| at <= now);
        let will_due = session_ended || will_at.is_some_and(|at| at <= now);
        Outcome { will: if will_due { WillAction::Publish } else { WillAction::Keep }, session_ended }
    }

    /// Returns the time at which [`Lifecycle::due`] has to be called next; `None` means never.
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
    /// Returns whether the will remains: only a DISCONNECT with reason 0x00 deletes the will. `[MQTT5-3.14.4-3]`
    /// `[MQTT5-3.1.2-10]`
    pub(crate) fn keeps_will(&self) -> bool {
        !matches!(self, Self::Disconnect { reason: ReasonCode::Success, .. })
    }
}

fn time_after(now: Instant, seconds: u32) -> Option<Instant> {
    now.checked_add(Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests;
