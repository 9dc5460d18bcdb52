//! Why a connection ends, and what the peer is told.

use tidegate_mqtt::{DecodeError, Disconnect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Violation};

/// Why a connection ends, and what the peer is told.
#[derive(Debug)]
pub struct End {
    cause: Cause,
    /// The reason code of our DISCONNECT; `None` when the peer is gone or has sent DISCONNECT.
    farewell: Option<ReasonCode>,
    kind: EndKind,
    /// The rule that the peer broke, for the log.
    statement: &'static str,
}

/// The kinds of ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    /// The peer is gone or has sent DISCONNECT.
    Gone,
    /// Another connection took the session over.
    TakenOver,
    /// The broker stops, or has no room for what the client sends.
    Shutdown,
    /// There is not enough memory for what the client sends.
    OutOfMemory,
    /// The client was silent for too long.
    Silent,
    /// The client broke a rule of the protocol.
    Violation,
}

impl End {
    fn new(cause: Cause, farewell: Option<ReasonCode>, kind: EndKind) -> Self {
        Self { cause, farewell, kind, statement: "" }
    }

    /// The network connection is closed or broken.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(Cause::Closed, None, EndKind::Gone)
    }

    /// Another connection continues the session `[MQTT5-3.1.4-3]`.
    #[must_use]
    pub fn taken_over() -> Self {
        Self::new(Cause::Closed, Some(ReasonCode::SessionTakenOver), EndKind::TakenOver)
    }

    /// The broker stops.
    #[must_use]
    pub fn shutdown() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::ServerShuttingDown), EndKind::Shutdown)
    }

    /// There is no room for what the client sends.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::QuotaExceeded), EndKind::Shutdown)
    }

    /// There is not enough memory for what the client sends.
    #[must_use]
    pub fn out_of_memory() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::QuotaExceeded), EndKind::OutOfMemory)
    }

    /// The client was silent for one and a half times the keep alive `[MQTT5-3.1.2-22]`.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(Cause::KeepAlive, Some(ReasonCode::KeepAliveTimeout), EndKind::Silent)
    }

    /// The client sent DISCONNECT.
    pub(crate) fn disconnected(cause: Cause) -> Self {
        Self::new(cause, None, EndKind::Gone)
    }

    /// The client sent bytes that are no packet.
    pub(crate) fn malformed(error: &DecodeError) -> Self {
        Self::violation(error.reason(), error.statement())
    }

    /// The client sent a packet that may not come here: a second CONNECT, or one that only a server sends `[MQTT5-3.1.0-2]`.
    pub(crate) fn unexpected() -> Self {
        Self::violation(ReasonCode::ProtocolError, "MQTT5-3.1.0-2")
    }

    fn violation(reason: ReasonCode, statement: &'static str) -> Self {
        Self { cause: Cause::Violation, farewell: Some(reason), kind: EndKind::Violation, statement }
    }

    /// Why the session loses the connection.
    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }

    /// What kind of end it is.
    #[must_use]
    pub fn kind(&self) -> EndKind {
        self.kind
    }

    /// The reason code that the peer is told, if any.
    #[must_use]
    pub fn reason(&self) -> Option<ReasonCode> {
        self.farewell
    }

    /// The id of the statement that the peer broke; empty if it broke none.
    #[must_use]
    pub fn statement(&self) -> &'static str {
        self.statement
    }

    /// Appends our DISCONNECT; servers send one in MQTT 5 only.
    pub(crate) fn encode_farewell(&self, version: ProtocolVersion, into: &mut Vec<u8>) {
        let Some(reason) = self.farewell.filter(|_| version.is_v5()) else { return };
        let len = into.len();
        if Packet::Disconnect(Disconnect::new(reason)).encode(version, into).is_err() {
            into.truncate(len);
        }
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::violation(violation.reason(), violation.statement())
    }
}
