//! Why a listener cannot be had (the operator's fault) and why a connection did not become a link (the peer's).

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use quinn::ConnectionError;
use thiserror::Error;

use crate::websocket::UpgradeRefusal;

/// Why a listener could not be bound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is taken, foreign or forbidden.
    #[error("cannot listen on {address}: {fault}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// The operating system's word on it.
        fault: io::Error,
    },
    /// Another process listens on the socket file.
    #[error("{} is in use by another process", path.display())]
    SocketInUse {
        /// The socket file.
        path: PathBuf,
    },
    /// There is a file of another kind in the place of the socket; it is left alone.
    #[error("{} exists and is not a socket", path.display())]
    NotASocket {
        /// The file.
        path: PathBuf,
    },
    /// The socket file cannot be made.
    #[error("cannot listen on {}: {fault}", path.display())]
    Path {
        /// The socket file.
        path: PathBuf,
        /// The operating system's word on it.
        fault: io::Error,
    },
    /// TLS cannot be set up.
    #[error("cannot set TLS up: {0}")]
    Tls(#[from] rustls::Error),
    /// The cipher suites lack the one that QUIC begins with.
    #[error("cannot set QUIC up: {0}")]
    Quic(#[from] quinn::crypto::rustls::NoInitialCipherSuite),
}

/// Why an accepted connection did not become a link.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// The handshake took longer than `handshake_timeout`.
    #[error("no handshake within {0:?}")]
    Timeout(Duration),
    /// The peer went away without a word, as probes of load balancers do.
    #[error("closed before the handshake")]
    Closed,
    /// The peer's TLS is at fault, or does not fit ours.
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    /// The HTTP request was answered, but not with a WebSocket.
    #[error("HTTP {status}: {0}", status = .0.status().as_u16())]
    Upgrade(UpgradeRefusal),
    /// The QUIC handshake failed, or the connection ended before its first stream.
    #[error("QUIC: {0}")]
    Quic(#[from] ConnectionError),
    /// The peer did not offer the application protocol `mqtt`.
    #[error("application protocol mqtt not offered")]
    ApplicationProtocol,
    /// The socket failed, or what came was not HTTP.
    #[error(transparent)]
    Io(io::Error),
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
