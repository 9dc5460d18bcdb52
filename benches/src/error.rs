//! Errors that end a run before its figures are complete. Faults in the delivery of messages are counted, not raised.

use std::io;

/// Why a run was aborted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The operating system returned an error.
    #[error("{doing}: {source}")]
    Io {
        /// What the load generator was doing.
        doing: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The broker closed a connection that the run still needed.
    #[error("the broker closed a connection")]
    Closed,
    /// The broker sent bytes that are not valid MQTT.
    #[error("the broker sent a malformed packet ({0})")]
    Malformed(&'static str),
    /// The broker answered with an error code.
    #[error("the broker refused {packet} with code {code:#04x}")]
    Refused {
        /// The packet that was refused.
        packet: &'static str,
        /// Reason code or return code.
        code: u8,
    },
    /// The broker sent another packet than the expected one.
    #[error("expected {expected}, got packet type {packet_type}")]
    Unexpected {
        /// The expected packet.
        expected: &'static str,
        /// The packet type in the fixed header.
        packet_type: u8,
    },
    /// TLS failed, for example because of an untrusted certificate, a broken record or an alert.
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    /// A certificate or key file cannot be used.
    #[error("certificate or key: {0}")]
    Pem(rustls::pki_types::pem::Error),
    /// The processor time, the memory or the disk writes of a process cannot be read.
    #[error("reading the process's figures: {0}")]
    Proc(procfs::ProcError),
    /// The monitored process has exited: the kernel reports no memory for it.
    #[error("the monitored process has exited")]
    Exited,
    /// A latency histogram could not be created or added to another.
    #[error("latency histogram: {0}")]
    Histogram(String),
    /// The arguments contradict each other.
    #[error("{0}")]
    Arguments(&'static str),
}

impl LoadError {
    /// Returns whether the error is that of a wait that took too long.
    pub fn is_timeout(&self) -> bool {
        let Self::Io { source, .. } = self else { return false };
        matches!(source.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
    }

    pub(crate) const fn tls(error: rustls::Error) -> Self {
        Self::Tls(error)
    }

    pub(crate) const fn pem(error: rustls::pki_types::pem::Error) -> Self {
        Self::Pem(error)
    }

    pub(crate) const fn proc(error: procfs::ProcError) -> Self {
        Self::Proc(error)
    }

    pub(crate) fn histogram(error: impl std::error::Error) -> Self {
        Self::Histogram(error.to_string())
    }

    /// Returns a function that converts an I/O error into a `LoadError` with a description of what the load generator
    /// was doing.
    pub fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
