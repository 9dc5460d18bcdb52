//! The six CONNACK return codes of 3.1 and 3.1.1, and how reason codes map to them.

use super::ReasonCode;

/// Pairs of reason code and return code that mean the same; the first pair with a return code names it.
const PAIRS: [(ReasonCode, u8); 6] = [
    (ReasonCode::Success, 0),
    (ReasonCode::UnsupportedProtocolVersion, 1),
    (ReasonCode::ClientIdentifierNotValid, 2),
    (ReasonCode::ServerUnavailable, 3),
    (ReasonCode::BadUserNameOrPassword, 4),
    (ReasonCode::NotAuthorized, 5),
];

/// Codes about the state of the server, which 3.x can only call "unavailable".
const UNAVAILABLE: [ReasonCode; 7] = [
    ReasonCode::UnspecifiedError,
    ReasonCode::ServerBusy,
    ReasonCode::QuotaExceeded,
    ReasonCode::UseAnotherServer,
    ReasonCode::ServerMoved,
    ReasonCode::ConnectionRateExceeded,
    ReasonCode::ServerShuttingDown,
];

impl ReasonCode {
    /// The CONNACK return code of 3.x that comes nearest: its equal where there is one, 3 (server unavailable) where
    /// trying again later may help, else 5 (not authorized).
    #[must_use]
    pub fn connect_return_code(self) -> u8 {
        let equal = PAIRS.iter().find(|(reason, _)| *reason == self).map(|(_, code)| *code);
        equal.unwrap_or(if UNAVAILABLE.contains(&self) { 3 } else { 5 })
    }

    /// The reason code that equals a CONNACK return code of 3.x; `None` for a reserved one.
    #[must_use]
    pub fn from_connect_return_code(code: u8) -> Option<Self> {
        PAIRS.iter().find(|(_, value)| *value == code).map(|(reason, _)| *reason)
    }
}
