//! Accepting QUIC connections. The endpoint runs on the accepting runtime, each connection on the runtime that establishes
//! it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use tidegate_limits::Handshakes;
use tokio::sync::OnceCell;

use super::{Accepted, BindError, socket};
use crate::quic::{ALPN, QuicConfig, server_config};
use crate::tls::ServerMaterial;

/// A UDP socket that becomes a QUIC endpoint at the first `accept`.
#[derive(Debug)]
pub(super) struct QuicSocket {
    socket: socket2::Socket,
    config: ServerConfig,
    endpoint: OnceCell<Endpoint>,
}

impl QuicSocket {
    pub(super) fn bind(
        address: SocketAddr,
        material: &ServerMaterial,
        config: &QuicConfig,
    ) -> Result<(Self, SocketAddr), BindError> {
        let config = server_config(Arc::new(material.quic_config(&[ALPN])?), config)?;
        let (socket, bound) = socket::bind_udp(address)?;
        Ok((Self { socket, config, endpoint: OnceCell::new() }, bound))
    }

    /// Waits for the next connection attempt. Under load, peers must first validate their address (Retry), which needs no
    /// memory here.
    pub(super) async fn accept(&self, handshakes: &Handshakes) -> io::Result<(Accepted, Option<SocketAddr>)> {
        let endpoint = self.endpoint.get_or_try_init(async || self.open()).await?;
        loop {
            let Some(incoming) = endpoint.accept().await else {
                return Err(io::ErrorKind::NotConnected.into());
            };
            if handshakes.is_loaded() && incoming.may_retry() && !incoming.remote_address_validated() {
                // Fails only for a peer that may not be sent a Retry, which was checked above.
                let _ = incoming.retry();
                continue;
            }
            let address = incoming.remote_address();
            return Ok((Accepted::Quic(Box::new(incoming)), Some(address)));
        }
    }

    pub(super) async fn wait_idle(&self) {
        if let Some(endpoint) = self.endpoint.get() {
            endpoint.wait_idle().await;
        }
    }

    fn open(&self) -> io::Result<Endpoint> {
        let socket = UdpSocket::from(self.socket.try_clone()?);
        let config = EndpointConfig::default();
        Endpoint::new(config, Some(self.config.clone()), socket, Arc::new(TokioRuntime))
    }
}
