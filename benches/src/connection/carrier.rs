//! What a connection's bytes travel on: one interface over TCP, TLS, WebSocket and QUIC, none of which ever waits.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use mio::Registry;

use crate::error::LoadError;

pub(crate) mod port;
pub(crate) mod quic;
pub(crate) mod socket;
pub(crate) mod tls;
pub(crate) mod websocket;

use quic::Quic;
use socket::Socket;
use tls::Tls;
use websocket::WebSocket;

/// What one read brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Bytes of MQTT.
    pub(crate) count: usize,
    /// More can be read at once, for which no event will come.
    pub(crate) more: bool,
}

/// A byte stream that does not wait. What is written leaves with `flush`.
#[derive(Debug)]
pub(crate) enum Carrier {
    Tcp(Socket),
    Tls(Box<Tls>),
    WebSocket(Box<WebSocket>),
    Quic(Box<Quic>),
}

impl Carrier {
    /// Asks for readiness events under `token`.
    pub(crate) fn register(&mut self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        match self {
            Self::Tcp(socket) => socket.register(registry, token),
            Self::Tls(tls) => tls.socket_mut().register(registry, token),
            Self::WebSocket(socket) => socket.below_mut().register(registry, token),
            Self::Quic(quic) => quic.register(registry, token),
        }
    }

    /// Takes in what has come, into `room`.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> Result<Arrival, LoadError> {
        match self {
            Self::Tcp(socket) => socket.read(room),
            Self::Tls(tls) => tls.read(room),
            Self::WebSocket(socket) => socket.read(room),
            Self::Quic(quic) => quic.read(room),
        }
    }

    /// Accepts so many of the bytes; none while earlier ones wait.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
            Self::WebSocket(socket) => socket.write(bytes),
            Self::Quic(quic) => quic.write(bytes),
        }
    }

    /// Sends what was accepted, as far as the socket takes it. True when nothing waits any more.
    pub(crate) fn flush(&mut self) -> Result<bool, LoadError> {
        match self {
            Self::Tcp(_) => Ok(true),
            Self::Tls(tls) => tls.flush(),
            Self::WebSocket(socket) => socket.flush(),
            Self::Quic(quic) => quic.flush(),
        }
    }

    /// The socket takes bytes again.
    pub(crate) fn unblock(&mut self) {
        match self {
            Self::Tcp(socket) => socket.unblock(),
            Self::Tls(tls) => tls.socket_mut().unblock(),
            Self::WebSocket(socket) => socket.below_mut().unblock(),
            Self::Quic(_) => {}
        }
    }

    /// True once handshakes below MQTT are over.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            Self::Tls(tls) => tls.is_open(),
            Self::WebSocket(socket) => socket.is_open(),
            Self::Quic(quic) => quic.is_open(),
        }
    }

    /// True when its TLS took up an earlier session; QUIC does not tell.
    pub(crate) fn is_resumed(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Quic(_) => false,
            Self::Tls(tls) => tls.is_resumed(),
            Self::WebSocket(socket) => socket.below().is_resumed(),
        }
    }

    /// When `expire` must be called, whatever comes until then.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Quic(quic) => quic.deadline(),
            _ => None,
        }
    }

    /// The time is `now`.
    pub(crate) fn expire(&mut self, now: Instant) -> Result<(), LoadError> {
        match self {
            Self::Quic(quic) => quic.expire(now),
            _ => Ok(()),
        }
    }

    /// Ends the stream in the orderly way of its transport, without waiting for the peer.
    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        match self {
            Self::Tcp(socket) => socket.close(),
            Self::Tls(tls) => tls.close(),
            Self::WebSocket(socket) => socket.close(),
            Self::Quic(quic) => quic.close(),
        }
    }

    /// What the system waits on.
    pub(crate) fn with_fd<T>(&self, wait: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        match self {
            Self::Tcp(socket) => wait(socket.as_fd()),
            Self::Tls(tls) => wait(tls.socket().as_fd()),
            Self::WebSocket(socket) => socket.below().with_fd(wait),
            Self::Quic(quic) => quic.with_fd(wait),
        }
    }
}
