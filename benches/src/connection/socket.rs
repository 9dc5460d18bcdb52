//! The non-blocking byte stream below a connection: one interface over TCP, TLS, WebSocket and QUIC.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use mio::Registry;

use crate::error::LoadError;

pub(crate) mod quic;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod udp_endpoint;
pub(crate) mod websocket;

use quic::Quic;
use tcp::TcpSocket;
use tls::Tls;
use websocket::WebSocket;

/// The result of one read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// Number of MQTT bytes that were read.
    pub(crate) count: usize,
    /// Whether more bytes can be read immediately. No readiness event announces these bytes.
    pub(crate) has_more: bool,
}

/// A byte stream that never blocks. Bytes that were written may stay buffered until `flush` is called.
#[derive(Debug)]
#[expect(clippy::enum_variant_names, reason = "WebSocket is the name of a protocol")]
pub(crate) enum Socket {
    Tcp(TcpSocket),
    Tls(Box<Tls>),
    WebSocket(Box<WebSocket>),
    Quic(Box<Quic>),
}

impl Socket {
    /// Registers the socket for readiness events under `token`.
    pub(crate) fn register(&mut self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        match self {
            Self::Tcp(socket) => socket.register(registry, token),
            Self::Tls(tls) => tls.socket_mut().register(registry, token),
            Self::WebSocket(socket) => socket.inner_mut().register(registry, token),
            Self::Quic(quic) => quic.register(registry, token),
        }
    }

    /// Reads the bytes that have arrived into `buffer`.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, LoadError> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
            Self::WebSocket(socket) => socket.read(buffer),
            Self::Quic(quic) => quic.read(buffer),
        }
    }

    /// Accepts bytes for sending, and returns how many. Accepts none while earlier bytes still wait to be sent.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
            Self::WebSocket(socket) => socket.write(bytes),
            Self::Quic(quic) => quic.write(bytes),
        }
    }

    /// Sends the accepted bytes, as far as the socket has room. Returns whether all accepted bytes were sent.
    pub(crate) fn flush(&mut self) -> Result<bool, LoadError> {
        match self {
            Self::Tcp(_) => Ok(true),
            Self::Tls(tls) => tls.flush(),
            Self::WebSocket(socket) => socket.flush(),
            Self::Quic(quic) => quic.flush(),
        }
    }

    /// Records that the socket accepts bytes again.
    pub(crate) fn set_writable(&mut self) {
        match self {
            Self::Tcp(socket) => socket.set_writable(),
            Self::Tls(tls) => tls.socket_mut().set_writable(),
            Self::WebSocket(socket) => socket.inner_mut().set_writable(),
            Self::Quic(_) => {}
        }
    }

    /// Returns whether the handshakes below MQTT are complete.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            Self::Tls(tls) => tls.is_open(),
            Self::WebSocket(socket) => socket.is_open(),
            Self::Quic(quic) => quic.is_open(),
        }
    }

    /// Returns whether the connection resumed an earlier TLS session. The result is always false for QUIC, which does
    /// not report resumptions.
    pub(crate) fn is_resumed(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Quic(_) => false,
            Self::Tls(tls) => tls.is_resumed(),
            Self::WebSocket(socket) => socket.inner().is_resumed(),
        }
    }

    /// Returns the time at which `handle_timeout` must be called, if the transport has timers.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Quic(quic) => quic.deadline(),
            _ => None,
        }
    }

    /// Runs the timers of the transport that are due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), LoadError> {
        match self {
            Self::Quic(quic) => quic.handle_timeout(now),
            _ => Ok(()),
        }
    }

    /// Closes the stream in the orderly way of its transport, without waiting for the peer.
    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        match self {
            Self::Tcp(socket) => socket.close(),
            Self::Tls(tls) => tls.close(),
            Self::WebSocket(socket) => socket.close(),
            Self::Quic(quic) => quic.close(),
        }
    }

    /// Calls `wait` with the file descriptor to wait on.
    pub(crate) fn with_fd<T>(&self, wait: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        match self {
            Self::Tcp(socket) => wait(socket.as_fd()),
            Self::Tls(tls) => wait(tls.socket().as_fd()),
            Self::WebSocket(socket) => socket.inner().with_fd(wait),
            Self::Quic(quic) => quic.with_fd(wait),
        }
    }
}
