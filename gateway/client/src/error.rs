//! Errors of the client.

use std::io;

use tidegate_mqtt::{ConnAck, DecodeError, Disconnect, EncodeError, ReasonCode};
use tidegate_transports::client::ConnectError;

/// The reason why a connection ended or an operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server could not be reached.
    #[error(transparent)]
    Link(#[from] ConnectError),
    /// The server refused CONNECT.
    #[error("the server refused the connection: {}", reason_text(.0.reason, .0.reason_string.as_deref()))]
    Refused(Box<ConnAck>),
    /// The server sent DISCONNECT and closed.
    #[error("the server disconnected: {}", reason_text(.0.reason, .0.reason_string.as_deref()))]
    Disconnected(Box<Disconnect>),
    /// The server closed the connection without DISCONNECT.
    #[error("the server closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The server sent a malformed packet.
    #[error("the server violated the protocol: {0}")]
    Malformed(#[from] DecodeError),
    /// The server sent a packet that is not allowed at this point.
    #[error("the server violated the protocol: {0}")]
    Unexpected(&'static str),
    /// A packet cannot be encoded.
    #[error("cannot be sent: {0}")]
    Unsendable(#[from] EncodeError),
    /// The server does not accept this message or packet.
    #[error("cannot be sent: {0}")]
    NotAllowed(String),
    /// The caller does not take events as fast as they arrive.
    #[error("too many received messages are waiting to be taken")]
    Overrun,
    /// An operation took too long.
    #[error("timed out {0}")]
    Timeout(&'static str),
}

/// Formats a reason code as name and number, followed by the server's reason string if there is one.
#[must_use]
pub fn reason_text(reason: ReasonCode, reason_string: Option<&str>) -> String {
    let name = format!("{reason:?} (0x{:02X})", reason.value());
    match reason_string {
        Some(reason_string) => format!("{name}: {reason_string}"),
        None => name,
    }
}
