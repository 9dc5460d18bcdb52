//! Accepts QUIC connections. The endpoint runs on the accepting runtime, each connection on the runtime that
//! establishes the connection.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use parking_lot::Mutex;
use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use tidegate_limits::Handshakes;

use super::{Accepted, BindError, socket};
use crate::quic::{ALPN, QuicConfig, QuicKeys, endpoint_config, server_config, server_crypto};
use crate::tls::ServerMaterial;

/// A UDP socket that becomes a QUIC endpoint at the first `accept`.
#[derive(Debug)]
pub(super) struct QuicSocket {
    socket: socket2::Socket,
    config: EndpointConfig,
    streams_max: u32,
    state: Mutex<State>,
}

/// The settings and the endpoint. The endpoint gets the settings when it is opened, and again when they are replaced.
/// One lock protects settings and endpoint, so that opening and replacing cannot run at the same time.
#[derive(Debug)]
struct State {
    config: ServerConfig,
    endpoint: Option<Endpoint>,
}

impl QuicSocket {
    pub(super) fn bind(
        address: SocketAddr,
        material: &ServerMaterial,
        keys: &QuicKeys,
        config: &QuicConfig,
    ) -> Result<(Self, SocketAddr), BindError> {
        let endpoint_config = endpoint_config(keys, config);
        let streams_max = config.streams_max;
        let config = server_config(Arc::new(material.quic_config(&[ALPN])?), config)?;
        let (socket, bound) = socket::bind_udp(address)?;
        let state = Mutex::new(State { config, endpoint: None });
        Ok((Self { socket, config: endpoint_config, streams_max, state }, bound))
    }

    /// Waits for the next connection attempt. Under load, peers must first validate their address (Retry), which needs
    /// no memory on the server.
    pub(super) async fn accept(&self, handshakes: &Handshakes) -> io::Result<(Accepted, Option<SocketAddr>)> {
        let endpoint = self.endpoint()?;
        loop {
            let Some(incoming) = endpoint.accept().await else {
                return Err(io::ErrorKind::NotConnected.into());
            };
            if handshakes.requires_retry() && incoming.may_retry() && !incoming.remote_address_validated() {
                // `retry` fails only for a peer that may not be sent a Retry, which was checked above.
                let _ = incoming.retry();
                continue;
            }
            let address = incoming.remote_address();
            let accepted = Accepted::Quic { attempt: Box::new(incoming), streams_max: self.streams_max };
            return Ok((accepted, Some(address)));
        }
    }

    pub(super) async fn wait_idle(&self) {
        let endpoint = self.state.lock().endpoint.clone();
        if let Some(endpoint) = endpoint {
            endpoint.wait_idle().await;
        }
    }

    /// Replaces the certificate. Address validation tokens stay valid, because only the TLS settings change.
    pub(super) fn replace_certificate(&self, material: &ServerMaterial) -> Result<(), BindError> {
        let crypto = server_crypto(Arc::new(material.quic_config(&[ALPN])?))?;
        let mut state = self.state.lock();
        state.config.crypto = Arc::new(crypto);
        if let Some(endpoint) = &state.endpoint {
            endpoint.set_server_config(Some(state.config.clone()));
        }
        Ok(())
    }

    /// Returns the endpoint. The first call opens the endpoint and registers it with the current runtime.
    fn endpoint(&self) -> io::Result<Endpoint> {
        let mut state = self.state.lock();
        if let Some(endpoint) = &state.endpoint {
            return Ok(endpoint.clone());
        }
        let socket = UdpSocket::from(self.socket.try_clone()?);
        let server = Some(state.config.clone());
        let endpoint = Endpoint::new(self.config.clone(), server, socket, Arc::new(TokioRuntime))?;
        state.endpoint = Some(endpoint.clone());
        Ok(endpoint)
    }
}
