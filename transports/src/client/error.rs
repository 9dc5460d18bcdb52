//! The reasons why a client could not connect. The texts are meant for the client's user.

use std::io;
use std::time::Duration;

use quinn::{ConnectionError, TransportErrorCode};
use rustls::{AlertDescription, CertificateError};
use thiserror::Error;

use super::Target;
use crate::quic::QuicDialError;
use crate::tls::ClientTlsError;
use crate::websocket::UpgradeError;

/// The reason why a client could not connect.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The port refused the connection.
    #[error("{target} refused the connection: nothing listens there")]
    Refused {
        /// The URL of the broker.
        target: Target,
    },
    /// Connecting took longer than the time limit.
    #[error("{target} did not answer within {limit:?}")]
    Timeout {
        /// The URL of the broker.
        target: Target,
        /// The time limit.
        limit: Duration,
    },
    /// The host is unknown or cannot be reached, or the socket failed.
    #[error("cannot reach {target}: {fault}")]
    Unreachable {
        /// The URL of the broker.
        target: Target,
        /// The operating system's error.
        fault: io::Error,
    },
    /// The server's certificate is signed by an authority that this client does not trust.
    #[error("{target} has a certificate signed by an unknown authority; if you trust it, give its CA file")]
    UnknownAuthority {
        /// The URL of the broker.
        target: Target,
    },
    /// The server's certificate has expired, is for another name, or is invalid for another reason.
    #[error("{target} has an invalid certificate: {fault}")]
    Certificate {
        /// The URL of the broker.
        target: Target,
        /// The fault in the certificate.
        fault: CertificateError,
    },
    /// The TLS or QUIC handshake failed.
    #[error("no secure connection to {target}: {reason}")]
    Handshake {
        /// The URL of the broker.
        target: Target,
        /// The cause of the failure.
        reason: String,
    },
    /// The server did not open a WebSocket for the client.
    #[error("cannot open a WebSocket at {target}: {fault}")]
    Upgrade {
        /// The URL of the broker.
        target: Target,
        /// The cause of the failure.
        fault: UpgradeError,
    },
    /// The server name is neither a DNS name nor an IP address.
    #[error("`{name}` is not a valid server name")]
    ServerName {
        /// The invalid name.
        name: String,
    },
    /// The TLS settings of this client are invalid.
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}

impl ConnectError {
    pub(super) fn from_socket_error(target: &Target, fault: io::Error) -> Self {
        let target = target.clone();
        match fault.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { target },
            _ => Self::Unreachable { target, fault },
        }
    }

    /// Creates the error for a failed TLS handshake over TCP.
    pub(super) fn from_handshake_error(target: &Target, fault: io::Error) -> Self {
        match fault.downcast::<rustls::Error>() {
            Ok(fault) => Self::from_tls_error(target, fault),
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => Self::Handshake {
                target: target.clone(),
                reason: "the server closed the connection; does it speak TLS on this port?".to_owned(),
            },
            Err(fault) => Self::Unreachable { target: target.clone(), fault },
        }
    }

    pub(super) fn from_quic_error(target: &Target, fault: QuicDialError) -> Self {
        match fault {
            QuicDialError::Socket(fault) => Self::from_socket_error(target, fault),
            QuicDialError::Connection(ConnectionError::TransportError(error)) => {
                Self::quic_transport(target, error.code, error.to_string())
            }
            fault => Self::Handshake { target: target.clone(), reason: fault.to_string() },
        }
    }

    fn from_tls_error(target: &Target, fault: rustls::Error) -> Self {
        let target = target.clone();
        match fault {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                Self::UnknownAuthority { target }
            }
            rustls::Error::InvalidCertificate(fault) => Self::Certificate { target, fault },
            fault => Self::Handshake { target, reason: fault.to_string() },
        }
    }

    /// Creates the error for a failed QUIC handshake. QUIC reports TLS alerts as codes, but their cause only as text.
    fn quic_transport(target: &Target, code: TransportErrorCode, reason: String) -> Self {
        let is_unknown_authority = code == TransportErrorCode::crypto(AlertDescription::UnknownCA.into());
        if is_unknown_authority {
            return Self::UnknownAuthority { target: target.clone() };
        }
        Self::Handshake { target: target.clone(), reason }
    }
}
