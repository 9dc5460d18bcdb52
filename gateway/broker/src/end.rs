//! The reason why a connection ends, and the reason code for the peer.

use tidegate_limits::OutOfMemory;
use tidegate_mqtt::{DecodeError, Disconnect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Violation};

/// The reason why a connection ends, and the reason code for the peer.
#[derive(Debug)]
pub struct End {
    cause: Cause,
    /// The reason code of the broker's DISCONNECT; `None` if the connection is closed or the peer has sent DISCONNECT.
    disconnect_reason: Option<ReasonCode>,
    kind: EndKind,
    /// The id of the statement that the peer violated, for the log; empty if it violated none.
    statement: &'static str,
}

/// The kind of the end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    /// The peer closed the connection or sent DISCONNECT, or the connection broke.
    Gone,
    /// Another connection took the session over.
    TakenOver,
    /// The broker stops, or has no room for the messages of the client.
    Shutdown,
    /// There is not enough memory for a packet of the client.
    OutOfMemory,
    /// The client sent nothing for one and a half times the keep alive.
    Silent,
    /// The client violated the protocol.
    Violation,
}

impl End {
    fn new(cause: Cause, disconnect_reason: Option<ReasonCode>, kind: EndKind) -> Self {
        Self { cause, disconnect_reason, kind, statement: "" }
    }

    /// Creates the end of a connection whose network connection is closed or broken.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(Cause::Closed, None, EndKind::Gone)
    }

    /// Creates the end of a connection whose session another connection took over `[MQTT5-3.1.4-3]`.
    #[must_use]
    pub fn taken_over() -> Self {
        Self::new(Cause::Closed, Some(ReasonCode::SessionTakenOver), EndKind::TakenOver)
    }

    /// Creates the end of a connection because the broker stops.
    #[must_use]
    pub fn shutdown() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::ServerShuttingDown), EndKind::Shutdown)
    }

    /// Creates the end of a connection because the broker has no room for the messages of the client.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::QuotaExceeded), EndKind::Shutdown)
    }

    /// Creates the end of a connection because there is not enough memory for a packet of the client.
    #[must_use]
    pub fn out_of_memory() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::QuotaExceeded), EndKind::OutOfMemory)
    }

    /// Creates the end of a connection whose client sent nothing for one and a half times the keep alive
    /// `[MQTT5-3.1.2-22]`.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(Cause::KeepAlive, Some(ReasonCode::KeepAliveTimeout), EndKind::Silent)
    }

    /// Creates the end of a connection whose client sent DISCONNECT.
    pub(crate) fn disconnected(cause: Cause) -> Self {
        Self::new(cause, None, EndKind::Gone)
    }

    /// Creates the end of a connection whose client sent bytes that are not a valid packet.
    pub(crate) fn malformed(error: &DecodeError) -> Self {
        Self::violation(error.reason(), error.statement())
    }

    /// Creates the end of a connection whose client sent a packet that is not allowed at this point: a second CONNECT,
    /// or a packet that only a server sends `[MQTT5-3.1.0-2]`.
    pub(crate) fn unexpected() -> Self {
        Self::violation(ReasonCode::ProtocolError, "MQTT5-3.1.0-2")
    }

    fn violation(reason: ReasonCode, statement: &'static str) -> Self {
        Self { cause: Cause::Violation, disconnect_reason: Some(reason), kind: EndKind::Violation, statement }
    }

    /// Returns the cause for the session, which decides about its will.
    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }

    /// Returns the kind of this end.
    #[must_use]
    pub fn kind(&self) -> EndKind {
        self.kind
    }

    /// Returns the reason code of the broker's DISCONNECT, if any.
    #[must_use]
    pub fn reason(&self) -> Option<ReasonCode> {
        self.disconnect_reason
    }

    /// Returns the id of the statement that the peer violated; empty if it violated none.
    #[must_use]
    pub fn statement(&self) -> &'static str {
        self.statement
    }

    /// Appends the broker's DISCONNECT to `into`. Does nothing before MQTT 5.0, because servers send no DISCONNECT in
    /// earlier versions.
    pub(crate) fn encode_farewell(&self, version: ProtocolVersion, into: &mut Vec<u8>) {
        let Some(reason) = self.disconnect_reason.filter(|_| version.is_v5()) else { return };
        let len = into.len();
        if Packet::Disconnect(Disconnect::new(reason)).encode(version, into).is_err() {
            into.truncate(len);
        }
    }
}

impl From<OutOfMemory> for End {
    fn from(_: OutOfMemory) -> Self {
        Self::out_of_memory()
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::violation(violation.reason(), violation.statement())
    }
}
