//! The handshakes that turn an accepted socket into a link: no handshake, TLS, the WebSocket upgrade, or TLS and the
//! upgrade.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tidegate_limits::{ConnectionPermit, Peer, TlsFacts, Transport};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::{BindError, Endpoint, EstablishError, ListenerConfig};
use crate::connection::NetworkConnection;
use crate::link::Link;
use crate::tls::{ServerMaterial, tls_facts};
use crate::websocket::{WebSocketConfig, upgrade};

/// The handshake settings of one listener.
pub(super) struct AcceptorStack {
    pub(super) handshake_timeout: Duration,
    pub(super) transport: Transport,
    tls: Option<TlsServer>,
    websocket: Option<WebSocketConfig>,
}

impl AcceptorStack {
    pub(super) fn new(config: &ListenerConfig) -> Result<Self, BindError> {
        let (tls, websocket) = match &config.endpoint {
            Endpoint::Tls { material, .. } => (Some(TlsServer::new(material, b"mqtt")?), None),
            Endpoint::WebSocket { config, .. } => (None, Some(config.clone())),
            Endpoint::SecureWebSocket { material, config, .. } => {
                (Some(TlsServer::new(material, b"http/1.1")?), Some(config.clone()))
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

    /// Returns whether the transport has a handshake, which a silent peer can delay.
    pub(super) fn needs_handshake(&self) -> bool {
        !matches!(self.transport, Transport::Tcp | Transport::Unix)
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Replaces the certificate. Does nothing if the transport is not encrypted.
    pub(super) fn replace_certificate(&self, material: &ServerMaterial) -> Result<(), BindError> {
        match &self.tls {
            Some(tls) => tls.replace_certificate(material),
            None => Ok(()),
        }
    }

    pub(super) async fn perform_handshake(
        &self,
        stream: TcpStream,
        address: Option<SocketAddr>,
        permit: ConnectionPermit,
    ) -> Result<Link, EstablishError> {
        let peer = Peer::new(self.transport, address);
        match (&self.tls, &self.websocket) {
            (None, None) => Ok(Link::tcp(stream, NetworkConnection::accepted(peer, permit))),
            (Some(tls), None) => {
                let (stream, facts) = tls.accept(stream).await?;
                Ok(Link::tls(stream, NetworkConnection::accepted(peer.with_tls(facts), permit)))
            }
            (None, Some(config)) => {
                let stream = upgrade(stream, config).await?;
                Ok(Link::websocket(stream, NetworkConnection::accepted(peer, permit)))
            }
            (Some(tls), Some(config)) => {
                let (stream, facts) = tls.accept(stream).await?;
                let stream = upgrade(stream, config).await?;
                Ok(Link::secure_websocket(stream, NetworkConnection::accepted(peer.with_tls(facts), permit)))
            }
        }
    }
}

impl std::fmt::Debug for AcceptorStack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").field("transport", &self.transport).finish_non_exhaustive()
    }
}

/// The server side of TLS. Each handshake uses the settings that are current when it begins.
struct TlsServer {
    protocol: &'static [u8],
    config: ArcSwap<ServerConfig>,
}

impl TlsServer {
    fn new(material: &ServerMaterial, protocol: &'static [u8]) -> Result<Self, BindError> {
        Ok(Self { protocol, config: ArcSwap::from_pointee(material.config(&[protocol])?) })
    }

    fn replace_certificate(&self, material: &ServerMaterial) -> Result<(), BindError> {
        self.config.store(Arc::new(material.config(&[self.protocol])?));
        Ok(())
    }

    async fn accept(&self, stream: TcpStream) -> Result<(TlsStream<TcpStream>, TlsFacts), EstablishError> {
        let stream = TlsAcceptor::from(self.config.load_full()).accept(stream).await?;
        let (_, session) = stream.get_ref();
        let facts = tls_facts(session, session.server_name());
        Ok((TlsStream::Server(stream), facts))
    }
}
