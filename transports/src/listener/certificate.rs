//! Replaces the certificate of a running listener.

use std::sync::{Arc, Weak};

use super::BindError;
use super::acceptor_stack::AcceptorStack;
use super::quic::QuicSocket;
use crate::tls::ServerMaterial;

/// Replaces the certificate and key of a listener for TLS, WebSocket over TLS or QUIC. The handle does not keep the
/// listener open.
#[derive(Clone, Debug)]
pub struct CertificateHandle(CertificateHolder);

#[derive(Clone, Debug)]
enum CertificateHolder {
    Streams(Weak<AcceptorStack>),
    Quic(Weak<QuicSocket>),
}

impl CertificateHandle {
    /// Creates the handle of a TCP-based listener; `None` if its transport is not encrypted.
    pub(super) fn of_streams(acceptor_stack: &Arc<AcceptorStack>) -> Option<Self> {
        acceptor_stack
            .is_encrypted()
            .then(|| Self(CertificateHolder::Streams(Arc::downgrade(acceptor_stack))))
    }

    pub(super) fn of_quic(socket: &Arc<QuicSocket>) -> Self {
        Self(CertificateHolder::Quic(Arc::downgrade(socket)))
    }

    /// Replaces the certificate and key: handshakes that begin after this call use `material`. Open connections
    /// continue. Clients cannot resume TLS sessions that began with the previous certificate: they perform a full
    /// handshake and so verify the new certificate. Does nothing if the listener is already closed.
    ///
    /// # Errors
    /// Returns an error if TLS cannot be set up with `material`. The previous certificate then stays in use.
    pub fn replace(&self, material: &ServerMaterial) -> Result<(), BindError> {
        match &self.0 {
            CertificateHolder::Streams(stack) => {
                stack.upgrade().map_or(Ok(()), |stack| stack.replace_certificate(material))
            }
            CertificateHolder::Quic(socket) => {
                socket.upgrade().map_or(Ok(()), |socket| socket.replace_certificate(material))
            }
        }
    }
}
