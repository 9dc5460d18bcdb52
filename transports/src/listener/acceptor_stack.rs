//! The handshakes between an accepted socket and its link: none, TLS, the WebSocket upgrade, or both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::{BindError, Endpoint, EstablishError, ListenerConfig};
use crate::link::Link;
use crate::peer::{Peer, TlsFacts, Transport};
use crate::tls::{ServerMaterial, tls_facts};
use crate::websocket::{WebSocketConfig, upgrade};

/// The handshake settings of one listener.
pub(super) struct AcceptorStack {
    pub(super) handshake_timeout: Duration,
    pub(super) transport: Transport,
    tls: Option<TlsAcceptor>,
    websocket: Option<WebSocketConfig>,
}

impl AcceptorStack {
    pub(super) fn new(config: &ListenerConfig) -> Result<Self, BindError> {
        let (tls, websocket) = match &config.endpoint {
            Endpoint::Tls { material, .. } => (Some(tls_acceptor(material, b"mqtt")?), None),
            Endpoint::WebSocket { config, .. } => (None, Some(config.clone())),
            Endpoint::SecureWebSocket { material, config, .. } => {
                (Some(tls_acceptor(material, b"http/1.1")?), Some(config.clone()))
            }
            Endpoint::Tcp { .. } | Endpoint::Unix { .. } | Endpoint::Quic { .. } => (None, None),
        };
        Ok(Self {
            handshake_timeout: config.handshake_timeout,
            transport: config.endpoint.transport(),
            tls,
            websocket,
        })
    }

    /// True when the transport has a handshake, which a silent peer can delay.
    pub(super) fn needs_handshake(&self) -> bool {
        !matches!(self.transport, Transport::Tcp | Transport::Unix)
    }

    pub(super) async fn perform_handshake(
        &self,
        stream: TcpStream,
        address: Option<SocketAddr>,
    ) -> Result<Link, EstablishError> {
        let peer = Peer::new(self.transport, address);
        match (&self.tls, &self.websocket) {
            (None, None) => Ok(Link::tcp(stream, peer)),
            (Some(tls_acceptor), None) => {
                let (stream, facts) = accept_tls(tls_acceptor, stream).await?;
                Ok(Link::tls(stream, peer.with_tls(facts)))
            }
            (None, Some(config)) => Ok(Link::websocket(upgrade(stream, config).await?, peer)),
            (Some(tls_acceptor), Some(config)) => {
                let (stream, facts) = accept_tls(tls_acceptor, stream).await?;
                Ok(Link::secure_websocket(upgrade(stream, config).await?, peer.with_tls(facts)))
            }
        }
    }
}

impl std::fmt::Debug for AcceptorStack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").field("transport", &self.transport).finish_non_exhaustive()
    }
}

fn tls_acceptor(material: &ServerMaterial, protocol: &[u8]) -> Result<TlsAcceptor, BindError> {
    Ok(TlsAcceptor::from(Arc::new(material.config(&[protocol])?)))
}

async fn accept_tls(
    tls_acceptor: &TlsAcceptor,
    stream: TcpStream,
) -> Result<(TlsStream<TcpStream>, TlsFacts), EstablishError> {
    let stream = tls_acceptor.accept(stream).await?;
    let (_, session) = stream.get_ref();
    let facts = tls_facts(session, session.server_name());
    Ok((TlsStream::Server(stream), facts))
}
