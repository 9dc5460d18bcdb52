//! Errors when binding a listener (for the operator) and when establishing an accepted connection (caused by the peer).

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use quinn::ConnectionError;
use rustls::InvalidMessage;
use thiserror::Error;

use crate::websocket::UpgradeRefusal;

/// The reason why a listener could not be bound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is in use, is not an address of this machine, or is not permitted.
    #[error("cannot listen on {address}: {fault}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// The operating system's error.
        fault: io::Error,
    },
    /// Another process listens on the socket file.
    #[error("{} is in use by another process", path.display())]
    SocketInUse {
        /// The socket file.
        path: PathBuf,
    },
    /// The path exists and is not a socket. The file was not changed.
    #[error("{} exists and is not a socket", path.display())]
    NotASocket {
        /// The path of the file.
        path: PathBuf,
    },
    /// The socket file cannot be created.
    #[error("cannot listen on {}: {fault}", path.display())]
    Path {
        /// The socket file.
        path: PathBuf,
        /// The operating system's error.
        fault: io::Error,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The cipher suites do not include the one that QUIC requires for its first packets.
    #[error("cannot set up QUIC: {0}")]
    Quic(#[from] quinn::crypto::rustls::NoInitialCipherSuite),
}

/// The reason why an accepted connection did not become a link.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// The handshake took longer than `handshake_timeout`.
    #[error("the handshake was not complete within {0:?}")]
    Timeout(Duration),
    /// The peer closed the connection without sending any data, as health checks of load balancers do.
    #[error("the peer closed the connection before the handshake")]
    Closed,
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    /// The HTTP request was refused.
    #[error("HTTP {status}: {0}", status = .0.status().as_u16())]
    Upgrade(UpgradeRefusal),
    /// The QUIC handshake failed, or the connection ended before its first stream.
    #[error("QUIC: {0}")]
    Quic(#[from] ConnectionError),
    /// The peer did not offer the application protocol `mqtt`.
    #[error("the peer did not offer the application protocol mqtt (ALPN)")]
    ApplicationProtocol,
    /// The socket failed, or the peer did not send HTTP.
    #[error(transparent)]
    Io(io::Error),
}

impl EstablishError {
    /// Says what would help, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tls(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                Some("the peer does not speak TLS: such clients need a listener with transport tcp or ws")
            }
            Self::Upgrade(_) => Some("check the path and the subprotocol mqtt of the WebSocket client"),
            Self::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Some("the peer does not speak HTTP: such clients need a listener with transport tcp or tls")
            }
            _ => None,
        }
    }
}

impl From<io::Error> for EstablishError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::Closed
            }
            _ => match error.downcast::<rustls::Error>() {
                Ok(fault) => Self::Tls(fault),
                Err(error) => Self::Io(error),
            },
        }
    }
}
