//! Why a client's connection is over, or could not do what it was asked to.

use std::io;

use tidegate_mqtt::{ConnAck, DecodeError, Disconnect, EncodeError, ReasonCode};
use tidegate_transports::client::ConnectError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is no connection to the server.
    #[error(transparent)]
    Link(#[from] ConnectError),
    /// The server refused CONNECT.
    #[error("the server refused the connection: {}", reason_text(.0.reason, .0.reason_string.as_deref()))]
    Refused(Box<ConnAck>),
    /// The server sent DISCONNECT and closed.
    #[error("the server disconnected: {}", reason_text(.0.reason, .0.reason_string.as_deref()))]
    Disconnected(Box<Disconnect>),
    /// The connection ended without a word.
    #[error("the connection was closed by the server")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The server sent what is no MQTT.
    #[error("the server broke the protocol: {0}")]
    Malformed(#[from] DecodeError),
    /// The server sent a packet that has no place there.
    #[error("the server broke the protocol: {0}")]
    Unexpected(&'static str),
    /// A packet of ours cannot be written.
    #[error("cannot be sent: {0}")]
    Unsendable(#[from] EncodeError),
    /// The server announced that it does not take this.
    #[error("cannot be sent: {0}")]
    NotAllowed(String),
    /// Too much came that nobody took.
    #[error("too many messages wait to be taken")]
    Overrun,
    /// Something took too long.
    #[error("timeout: {0}")]
    Timeout(&'static str),
}

/// A reason code by name and number, with the server's words if there are any.
#[must_use]
pub fn reason_text(reason: ReasonCode, reason_string: Option<&str>) -> String {
    let name = format!("{reason:?} (0x{:02X})", reason.value());
    match reason_string {
        Some(reason_string) => format!("{name}: {reason_string}"),
        None => name,
    }
}
