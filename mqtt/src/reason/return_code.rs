//! The six CONNACK return codes of MQTT 3.1 and 3.1.1, and their mapping from and to reason codes.

use super::ReasonCode;

/// Pairs of a reason code and a return code with the same meaning.
const EQUIVALENT_CODES: [(ReasonCode, u8); 6] = [
    (ReasonCode::Success, 0),
    (ReasonCode::UnsupportedProtocolVersion, 1),
    (ReasonCode::ClientIdentifierNotValid, 2),
    (ReasonCode::ServerUnavailable, 3),
    (ReasonCode::BadUserNameOrPassword, 4),
    (ReasonCode::NotAuthorized, 5),
];

/// Reason codes about the state of the server. In MQTT 3.x, the nearest return code is 3 (server unavailable).
const SERVER_UNAVAILABLE_REASONS: [ReasonCode; 7] = [
    ReasonCode::UnspecifiedError,
    ReasonCode::ServerBusy,
    ReasonCode::QuotaExceeded,
    ReasonCode::UseAnotherServer,
    ReasonCode::ServerMoved,
    ReasonCode::ConnectionRateExceeded,
    ReasonCode::ServerShuttingDown,
];

impl ReasonCode {
    /// Returns the nearest CONNACK return code of MQTT 3.x: the code with the same meaning if there is one; otherwise 3
    /// (server unavailable) if trying again later may help, or 5 (not authorized) if not.
    #[must_use]
    pub fn connect_return_code(self) -> u8 {
        let equal = EQUIVALENT_CODES.iter().find(|(reason, _)| *reason == self).map(|(_, code)| *code);
        equal.unwrap_or(if SERVER_UNAVAILABLE_REASONS.contains(&self) { 3 } else { 5 })
    }

    /// Returns the reason code with the same meaning as a CONNACK return code of MQTT 3.x. Returns `None` for a
    /// reserved return code.
    #[must_use]
    pub fn from_connect_return_code(code: u8) -> Option<Self> {
        EQUIVALENT_CODES.iter().find(|(_, value)| *value == code).map(|(reason, _)| *reason)
    }
}
