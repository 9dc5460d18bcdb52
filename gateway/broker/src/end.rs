//! The reason why a connection ends, and the reason code for the peer.

use std::fmt;

use tidegate_limits::OutOfMemory;
use tidegate_mqtt::{DecodeError, Disconnect, Packet, ReasonCode};
use tidegate_session::{Cause, Connection, Violation};

/// The reason why a connection ends, and the reason code for the peer. The value is a single pointer, because most
/// functions of a connection return it as their error.
#[derive(Debug)]
pub struct End(Box<Details>);

#[derive(Debug)]
struct Details {
    cause: Cause,
    /// The reason code of the broker's DISCONNECT; `None` if the connection is closed or the peer has sent DISCONNECT.
    disconnect_reason: Option<ReasonCode>,
    kind: EndKind,
    /// The rule that the peer violated, if it violated one.
    fault: Option<Fault>,
}

/// A rule of the protocol that a peer violated.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Malformed(DecodeError),
    Violation(Violation),
}

/// The kind of the end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    /// The peer sent DISCONNECT.
    Disconnected,
    /// The peer closed the connection without DISCONNECT.
    Closed,
    /// The connection broke.
    Broken,
    /// Another connection took the session over.
    TakenOver,
    /// The broker stops.
    Shutdown,
    /// The broker has no room for the messages of the client.
    Overloaded,
    /// There is not enough memory for a packet of the client.
    OutOfMemory,
    /// The client sent nothing for one and a half times the keep alive.
    Silent,
    /// The client violated the protocol.
    Violation,
}

/// The side that ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The client.
    Client,
    /// The network between client and broker.
    Network,
    /// The broker.
    Broker,
}

impl End {
    fn new(cause: Cause, disconnect_reason: Option<ReasonCode>, kind: EndKind) -> Self {
        Self(Box::new(Details { cause, disconnect_reason, kind, fault: None }))
    }

    fn violation(reason: ReasonCode, fault: Fault) -> Self {
        let (cause, kind) = (Cause::Violation, EndKind::Violation);
        Self(Box::new(Details { cause, disconnect_reason: Some(reason), kind, fault: Some(fault) }))
    }

    /// Creates the end of a connection that the peer closed without DISCONNECT.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(Cause::Closed, None, EndKind::Closed)
    }

    /// Creates the end of a connection that broke.
    #[must_use]
    pub fn broken() -> Self {
        Self::new(Cause::Closed, None, EndKind::Broken)
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
        Self::new(Cause::Shutdown, Some(ReasonCode::QuotaExceeded), EndKind::Overloaded)
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
        Self::new(cause, None, EndKind::Disconnected)
    }

    /// Creates the end of a connection whose client sent bytes that are not a valid packet.
    #[cold]
    pub(crate) fn malformed(error: &DecodeError) -> Self {
        Self::violation(error.reason(), Fault::Malformed(*error))
    }

    /// Returns the cause for the session, which decides about its will.
    pub(crate) fn cause(&self) -> Cause {
        self.0.cause
    }

    /// Returns the kind of this end.
    #[must_use]
    pub fn kind(&self) -> EndKind {
        self.0.kind
    }

    /// Returns the side that ended the connection.
    #[must_use]
    pub fn ended_by(&self) -> EndedBy {
        match self.0.kind {
            EndKind::Disconnected | EndKind::Closed => EndedBy::Client,
            EndKind::Broken => EndedBy::Network,
            _ => EndedBy::Broker,
        }
    }

    /// Returns the reason code of the broker's DISCONNECT, if any.
    #[must_use]
    pub fn reason(&self) -> Option<ReasonCode> {
        self.0.disconnect_reason
    }

    /// Appends the broker's DISCONNECT to `into`. Does nothing if the packet exceeds the client's Maximum Packet Size
    /// `[MQTT5-3.1.2-24]`, or before MQTT 5.0, because servers send no DISCONNECT in earlier versions.
    pub(crate) fn encode_disconnect(&self, client: &Connection, into: &mut Vec<u8>) {
        let version = client.version();
        let Some(reason) = self.0.disconnect_reason.filter(|_| version.is_v5()) else { return };
        let len = into.len();
        let is_encoded = Packet::Disconnect(Disconnect::new(reason)).encode(version, into).is_ok();
        let fits = into.len() - len <= usize::try_from(client.sent_size_max()).unwrap_or(usize::MAX);
        if !is_encoded || !fits {
            into.truncate(len);
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.fault {
            Some(Fault::Malformed(error)) => return error.fmt(f),
            Some(Fault::Violation(violation)) => return write!(f, "{violation} [{}]", violation.statement()),
            None => {}
        }
        f.write_str(self.0.kind.description())?;
        match self.0.cause {
            Cause::Disconnect { reason: ReasonCode::DisconnectWithWill, .. } => {
                f.write_str(" and requested that its will be published")
            }
            _ => Ok(()),
        }
    }
}

impl EndKind {
    fn description(self) -> &'static str {
        match self {
            Self::Disconnected => "the client sent DISCONNECT",
            Self::Closed => "the client closed the connection without DISCONNECT",
            Self::Broken => "the network connection broke",
            Self::TakenOver => "another connection took the session over",
            Self::Shutdown => "the broker stops",
            Self::Overloaded => {
                "the broker has no room for the messages of the client: the store is full, or a quota is used up"
            }
            Self::OutOfMemory => "there is not enough memory for a packet of the client",
            Self::Silent => "the client sent nothing for one and a half times its keep alive",
            Self::Violation => "the client violated the protocol",
        }
    }
}

impl EndedBy {
    /// Returns the name used in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Network => "network",
            Self::Broker => "broker",
        }
    }
}

impl From<OutOfMemory> for End {
    fn from(_: OutOfMemory) -> Self {
        Self::out_of_memory()
    }
}

impl From<Violation> for End {
    #[cold]
    fn from(violation: Violation) -> Self {
        Self::violation(violation.reason(), Fault::Violation(violation))
    }
}
