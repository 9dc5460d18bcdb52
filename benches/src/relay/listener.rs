//! The listener of the relay: a TCP listener, with or without TLS, or the one UDP socket of all QUIC connections.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use mio::net::TcpListener;
use mio::{Interest, Registry};
use quinn_proto::{ConnectionEvent, ConnectionHandle, DatagramEvent, Incoming};

use super::LISTENER;
use crate::connection::Connection;
use crate::connection::socket::Socket;
use crate::connection::socket::quic::{Quic, lock};
use crate::connection::socket::tcp::TcpSocket;
use crate::connection::socket::tls::Tls;
use crate::connection::socket::udp_endpoint::UdpEndpoint;
use crate::connection::transport::{quic_server_config, server_config};
use crate::error::LoadError;

/// The encryption of the connections. All files are PEM files.
#[derive(Debug, Clone, Copy)]
pub enum Security<'a> {
    /// No encryption: plain TCP.
    None,
    /// TLS over TCP.
    Tls {
        /// The certificate chain.
        certificate: &'a Path,
        /// The private key.
        key: &'a Path,
    },
    /// QUIC.
    Quic {
        /// The certificate chain.
        certificate: &'a Path,
        /// The private key.
        key: &'a Path,
    },
}

/// An event of the listener.
pub(super) enum ListenerEvent {
    /// A new peer. The handler returns its index.
    New(Connection),
    /// A datagram for the peer with this index.
    Datagram(usize, ConnectionEvent),
}

/// The listening socket.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener, Option<Arc<rustls::ServerConfig>>),
    Quic(Arc<Mutex<UdpEndpoint>>, HashMap<ConnectionHandle, usize>),
}

impl Listener {
    pub(super) fn open(
        address: SocketAddr,
        security: Security<'_>,
        registry: &Registry,
    ) -> Result<Self, LoadError> {
        let tls = match security {
            Security::None => None,
            Security::Tls { certificate, key } => {
                Some(Arc::new(server_config(certificate, key, rustls::ALL_VERSIONS)?))
            }
            Security::Quic { certificate, key } => {
                let udp = UdpEndpoint::bind(address, Some(Arc::new(quic_server_config(certificate, key)?)))?;
                udp.register(registry, LISTENER)?;
                return Ok(Self::Quic(Arc::new(Mutex::new(udp)), HashMap::new()));
            }
        };
        let mut listener = TcpListener::bind(address).map_err(LoadError::io("listening"))?;
        registry
            .register(&mut listener, LISTENER, Interest::READABLE)
            .map_err(LoadError::io("registering the listener with epoll"))?;
        Ok(Self::Tcp(listener, tls))
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr, LoadError> {
        match self {
            Self::Tcp(listener, _) => {
                listener.local_addr().map_err(LoadError::io("reading the local address"))
            }
            Self::Quic(udp, _) => lock(udp).local_addr(),
        }
    }

    /// Accepts all connections and datagrams that have arrived, and calls `handle_event` for each event.
    pub(super) fn handle_ready(
        &mut self,
        buffer: &mut [u8],
        handle_event: impl FnMut(ListenerEvent) -> Result<usize, LoadError>,
    ) -> Result<(), LoadError> {
        match self {
            Self::Tcp(listener, tls) => accept(listener, tls.as_ref(), handle_event),
            Self::Quic(udp, indices) => receive(udp, indices, buffer, handle_event),
        }
    }
}

fn accept(
    listener: &TcpListener,
    tls: Option<&Arc<rustls::ServerConfig>>,
    mut handle_event: impl FnMut(ListenerEvent) -> Result<usize, LoadError>,
) -> Result<(), LoadError> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(source) => return Err(LoadError::Io { doing: "accepting", source }),
        };
        let socket = TcpSocket::new(stream)?;
        let socket = match tls {
            None => Socket::Tcp(socket),
            Some(config) => Socket::Tls(Box::new(Tls::server(socket, Arc::clone(config))?)),
        };
        handle_event(ListenerEvent::New(Connection::new(socket, Vec::new())))?;
    }
}

fn receive(
    udp: &Arc<Mutex<UdpEndpoint>>,
    indices: &mut HashMap<ConnectionHandle, usize>,
    buffer: &mut [u8],
    mut handle_event: impl FnMut(ListenerEvent) -> Result<usize, LoadError>,
) -> Result<(), LoadError> {
    let now = Instant::now();
    let mut outcome = Ok(());
    lock(udp).receive(now, buffer, &mut |open, event| match event {
        DatagramEvent::ConnectionEvent(handle, event) => {
            if let Some(index) = indices.get(&handle) {
                outcome = handle_event(ListenerEvent::Datagram(*index, event)).map(drop);
            }
        }
        DatagramEvent::NewConnection(incoming) => {
            if let Some((handle, connection)) = accept_quic(udp, open, incoming, now) {
                match handle_event(ListenerEvent::New(connection)) {
                    Ok(index) => drop(indices.insert(handle, index)),
                    Err(error) => outcome = Err(error),
                }
            }
        }
        DatagramEvent::Response(_) => {}
    })?;
    outcome
}

/// Accepts a QUIC connection. Returns `None` if its first datagram is invalid.
fn accept_quic(
    udp: &Arc<Mutex<UdpEndpoint>>,
    open: &mut UdpEndpoint,
    incoming: Incoming,
    now: Instant,
) -> Option<(ConnectionHandle, Connection)> {
    let (handle, connection) = open.accept(incoming, now)?;
    let quic = Quic::accepted(Arc::clone(udp), handle, connection);
    Some((handle, Connection::new(Socket::Quic(Box::new(quic)), Vec::new())))
}
