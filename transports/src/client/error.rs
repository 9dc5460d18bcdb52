//! Why a client could not connect, in words for its user.

use std::io;
use std::time::Duration;

use quinn::{ConnectionError, TransportErrorCode};
use rustls::{AlertDescription, CertificateError};
use thiserror::Error;

use super::Target;
use crate::quic::QuicDialError;
use crate::tls::ClientTlsError;
use crate::websocket::UpgradeError;

/// Why there is no link.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nobody listens there.
    #[error("{target} refused the connection: nothing listens there")]
    Refused {
        /// Where to.
        target: Target,
    },
    /// It took too long.
    #[error("{target} did not answer within {limit:?}")]
    Timeout {
        /// Where to.
        target: Target,
        /// The time allowed.
        limit: Duration,
    },
    /// The host is unknown or cannot be reached, or the socket failed.
    #[error("cannot reach {target}: {fault}")]
    Unreachable {
        /// Where to.
        target: Target,
        /// The operating system's word on it.
        fault: io::Error,
    },
    /// The server's certificate is signed by nobody that we trust.
    #[error("{target} has a certificate of an unknown authority; name its CA file if you trust it")]
    UnknownAuthority {
        /// Where to.
        target: Target,
    },
    /// The server's certificate is expired, for another name, or otherwise not good.
    #[error("{target} has a certificate that does not hold: {fault}")]
    Certificate {
        /// Where to.
        target: Target,
        /// What is wrong with it.
        fault: CertificateError,
    },
    /// The TLS or QUIC handshake failed.
    #[error("no secure connection to {target}: {reason}")]
    Handshake {
        /// Where to.
        target: Target,
        /// What went wrong.
        reason: String,
    },
    /// The server opened no WebSocket.
    #[error("no WebSocket at {target}: {fault}")]
    Upgrade {
        /// Where to.
        target: Target,
        /// What went wrong.
        fault: UpgradeError,
    },
    /// A name that no certificate can have.
    #[error("`{name}` is not a server name")]
    ServerName {
        /// The name.
        name: String,
    },
    /// Our own TLS settings are at fault.
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}

impl ConnectError {
    pub(super) fn socket(target: &Target, fault: io::Error) -> Self {
        let target = target.clone();
        match fault.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { target },
            _ => Self::Unreachable { target, fault },
        }
    }

    /// A failed TLS handshake over TCP.
    pub(super) fn handshake(target: &Target, fault: io::Error) -> Self {
        match fault.downcast::<rustls::Error>() {
            Ok(fault) => Self::tls(target, fault),
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => Self::Handshake {
                target: target.clone(),
                reason: "the server closed the connection; does it speak TLS on this port?".to_owned(),
            },
            Err(fault) => Self::Unreachable { target: target.clone(), fault },
        }
    }

    pub(super) fn quic(target: &Target, fault: QuicDialError) -> Self {
        match fault {
            QuicDialError::Socket(fault) => Self::socket(target, fault),
            QuicDialError::Connection(ConnectionError::TransportError(error)) => {
                Self::quic_transport(target, error.code, error.to_string())
            }
            fault => Self::Handshake { target: target.clone(), reason: fault.to_string() },
        }
    }

    fn tls(target: &Target, fault: rustls::Error) -> Self {
        let target = target.clone();
        match fault {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                Self::UnknownAuthority { target }
            }
            rustls::Error::InvalidCertificate(fault) => Self::Certificate { target, fault },
            fault => Self::Handshake { target, reason: fault.to_string() },
        }
    }

    /// QUIC carries TLS alerts as codes, and the cause only as text.
    fn quic_transport(target: &Target, code: TransportErrorCode, reason: String) -> Self {
        let is_unknown_authority = code == TransportErrorCode::crypto(AlertDescription::UnknownCA.into());
        if is_unknown_authority {
            return Self::UnknownAuthority { target: target.clone() };
        }
        Self::Handshake { target: target.clone(), reason }
    }
}
