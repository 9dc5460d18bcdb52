//! Where connections come in: a TCP listener, with or without TLS, or the one UDP socket of all QUIC connections.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use mio::net::TcpListener;
use mio::{Interest, Registry};
use quinn_proto::{ConnectionEvent, ConnectionHandle, DatagramEvent, Incoming};

use super::DOOR;
use crate::connection::Connection;
use crate::connection::carrier::Carrier;
use crate::connection::carrier::port::Port;
use crate::connection::carrier::quic::{Quic, lock};
use crate::connection::carrier::socket::Socket;
use crate::connection::carrier::tls::Tls;
use crate::connection::transport::{accepting, accepting_quic};
use crate::error::LoadError;

/// What protects the connections. Files are PEM.
#[derive(Debug, Clone, Copy)]
pub enum Security<'a> {
    /// Nothing: plain TCP.
    None,
    /// TLS over TCP.
    Tls {
        /// The certificate chain.
        certificate: &'a Path,
        /// Its key.
        key: &'a Path,
    },
    /// QUIC.
    Quic {
        /// The certificate chain.
        certificate: &'a Path,
        /// Its key.
        key: &'a Path,
    },
}

/// Who or what is at the door.
pub(super) enum Visit {
    /// A new peer; the answer is its index.
    New(Connection),
    /// A datagram for the peer of that index.
    Datagram(usize, ConnectionEvent),
}

/// The listening socket.
#[derive(Debug)]
pub(super) enum Door {
    Tcp(TcpListener, Option<Arc<rustls::ServerConfig>>),
    Quic(Arc<Mutex<Port>>, HashMap<ConnectionHandle, usize>),
}

impl Door {
    pub(super) fn open(
        address: SocketAddr,
        security: Security<'_>,
        registry: &Registry,
    ) -> Result<Self, LoadError> {
        let tls = match security {
            Security::None => None,
            Security::Tls { certificate, key } => {
                Some(Arc::new(accepting(certificate, key, rustls::ALL_VERSIONS)?))
            }
            Security::Quic { certificate, key } => {
                let port = Port::bind(address, Some(Arc::new(accepting_quic(certificate, key)?)))?;
                port.register(registry, DOOR)?;
                return Ok(Self::Quic(Arc::new(Mutex::new(port)), HashMap::new()));
            }
        };
        let mut listener = TcpListener::bind(address).map_err(LoadError::io("listening"))?;
        registry
            .register(&mut listener, DOOR, Interest::READABLE)
            .map_err(LoadError::io("watching the listener"))?;
        Ok(Self::Tcp(listener, tls))
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr, LoadError> {
        match self {
            Self::Tcp(listener, _) => listener.local_addr().map_err(LoadError::io("asking for the address")),
            Self::Quic(port, _) => lock(port).local_addr(),
        }
    }

    /// Tells `visit` of all that has come.
    pub(super) fn answer(
        &mut self,
        room: &mut [u8],
        visit: impl FnMut(Visit) -> Result<usize, LoadError>,
    ) -> Result<(), LoadError> {
        match self {
            Self::Tcp(listener, tls) => accept(listener, tls.as_ref(), visit),
            Self::Quic(port, indices) => receive(port, indices, room, visit),
        }
    }
}

fn accept(
    listener: &TcpListener,
    tls: Option<&Arc<rustls::ServerConfig>>,
    mut visit: impl FnMut(Visit) -> Result<usize, LoadError>,
) -> Result<(), LoadError> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(source) => return Err(LoadError::Io { doing: "accepting", source }),
        };
        let socket = Socket::new(stream)?;
        let carrier = match tls {
            None => Carrier::Tcp(socket),
            Some(config) => Carrier::Tls(Box::new(Tls::server(socket, Arc::clone(config))?)),
        };
        visit(Visit::New(Connection::new(carrier, Vec::new())))?;
    }
}

fn receive(
    port: &Arc<Mutex<Port>>,
    indices: &mut HashMap<ConnectionHandle, usize>,
    room: &mut [u8],
    mut visit: impl FnMut(Visit) -> Result<usize, LoadError>,
) -> Result<(), LoadError> {
    let now = Instant::now();
    let mut outcome = Ok(());
    lock(port).receive(now, room, &mut |open, event| match event {
        DatagramEvent::ConnectionEvent(handle, event) => {
            if let Some(index) = indices.get(&handle) {
                outcome = visit(Visit::Datagram(*index, event)).map(drop);
            }
        }
        DatagramEvent::NewConnection(incoming) => {
            if let Some((handle, connection)) = welcome(port, open, incoming, now) {
                match visit(Visit::New(connection)) {
                    Ok(index) => drop(indices.insert(handle, index)),
                    Err(error) => outcome = Err(error),
                }
            }
        }
        DatagramEvent::Response(_) => {}
    })?;
    outcome
}

/// A peer whose first datagram is unfit is nobody.
fn welcome(
    port: &Arc<Mutex<Port>>,
    open: &mut Port,
    incoming: Incoming,
    now: Instant,
) -> Option<(ConnectionHandle, Connection)> {
    let (handle, connection) = open.accept(incoming, now)?;
    let quic = Quic::accepted(Arc::clone(port), handle, connection);
    Some((handle, Connection::new(Carrier::Quic(Box::new(quic)), Vec::new())))
}
