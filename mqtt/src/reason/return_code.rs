//! The six CONNACK return codes of 3.1 and 3.1.1, and how reason codes map to them.

use super::ReasonCode;

/// Reason codes and return codes with the same meaning.
const PAIRS: [(ReasonCode, u8); 6] = [
    (ReasonCode::Success, 0),
    (ReasonCode::UnsupportedProtocolVersion, 1),
    (ReasonCode::ClientIdentifierNotValid, 2),
    (ReasonCode::ServerUnavailable, 3),
    (ReasonCode::BadUserNameOrPassword, 4),
    (ReasonCode::NotAuthorized, 5),
];

/// Reason codes about the state of the server. In 3.x the nearest return code is "server unavailable".
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
    /// The nearest CONNACK return code of 3.x: the one with the same meaning if there is one, 3 (server unavailable) if
    /// trying again later may help, otherwise 5 (not authorized).
    #[must_use]
    pub fn connect_return_code(self) -> u8 {
        let equal = PAIRS.iter().find(|(reason, _)| *reason == self).map(|(_, code)| *code);
        equal.unwrap_or(if UNAVAILABLE.contains(&self) { 3 } else { 5 })
    }

    /// The reason code with the same meaning as a CONNACK return code of 3.x. Returns `None` for a reserved return
    /// code.
    #[must_use]
    pub fn from_connect_return_code(code: u8) -> Option<Self> {
        PAIRS.iter().find(|(_, value)| *value == code).map(|(reason, _)| *reason)
    }
}
