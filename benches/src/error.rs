//! What ends a run before its figures are complete. Faults in the delivery of messages are counted, not raised.

use std::io;

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The broker ended a connection that the run still needed.
    #[error("the broker closed a connection")]
    Closed,
    /// The broker sent bytes that are no MQTT.
    #[error("the broker sent a malformed packet ({0})")]
    Malformed(&'static str),
    /// The broker answered with an error code.
    #[error("the broker refused {what} with code {code:#04x}")]
    Refused {
        /// The packet that was refused.
        what: &'static str,
        /// Reason code or return code.
        code: u8,
    },
    /// The broker sent another packet than the one that was due.
    #[error("expected {expected}, got packet type {packet_type}")]
    Unexpected {
        /// What was due.
        expected: &'static str,
        /// The type in the fixed header.
        packet_type: u8,
    },
    /// TLS failed: an unfit certificate, a broken record, an alert.
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    /// A file with a certificate or a key cannot be used.
    #[error("certificate or key: {0}")]
    Pem(rustls::pki_types::pem::Error),
    /// The arguments contradict each other.
    #[error("{0}")]
    Arguments(&'static str),
}

impl LoadError {
    /// True for the error of a wait that took too long.
    pub fn is_timeout(&self) -> bool {
        let Self::Io { source, .. } = self else { return false };
        matches!(source.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
    }

    pub(crate) const fn tls(fault: rustls::Error) -> Self {
        Self::Tls(fault)
    }

    pub(crate) const fn pem(fault: rustls::pki_types::pem::Error) -> Self {
        Self::Pem(fault)
    }

    /// Turns an I/O error into one that says what was being done.
    pub fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
