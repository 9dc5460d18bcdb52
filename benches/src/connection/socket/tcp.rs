//! A non-blocking TCP socket that records whether its send buffer is full.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::Received;
use crate::error::LoadError;

/// The TCP socket.
#[derive(Debug)]
pub(crate) struct TcpSocket {
    stream: TcpStream,
    /// Whether the send buffer of the kernel is full.
    blocked: bool,
}

impl TcpSocket {
    /// Connects and waits until the connection is established.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self, LoadError> {
        let stream = std::net::TcpStream::connect(address).map_err(LoadError::io("connecting"))?;
        stream.set_nonblocking(true).map_err(LoadError::io("making a socket non-blocking"))?;
        Self::new(TcpStream::from_std(stream))
    }

    /// Creates the socket from a connected stream.
    pub(crate) fn new(stream: TcpStream) -> Result<Self, LoadError> {
        stream.set_nodelay(true).map_err(LoadError::io("setting TCP_NODELAY"))?;
        Ok(Self { stream, blocked: false })
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        registry
            .register(&mut self.stream, Token(token), Interest::READABLE | Interest::WRITABLE)
            .map_err(LoadError::io("registering a socket with epoll"))
    }

    /// Reads once. If the read fills the buffer, more bytes may be available.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, LoadError> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(LoadError::Closed),
                Ok(count) => return Ok(Received { count, has_more: count == buffer.len() }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Received::default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_peer_closed_error(&error) => return Err(LoadError::Closed),
                Err(source) => return Err(LoadError::Io { doing: "reading", source }),
            }
        }
    }

    /// Writes as much as the socket accepts.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        self.write_with(|stream| stream.write(bytes))
    }

    /// Writes as `write` does, but lets a layer above call the stream itself. Returns 0 when the socket is full.
    pub(crate) fn write_with(
        &mut self,
        mut write: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> Result<usize, LoadError> {
        while !self.blocked {
            match write(&mut self.stream) {
                Ok(0) => return Err(LoadError::Closed),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.blocked = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_peer_closed_error(&error) => return Err(LoadError::Closed),
                Err(source) => return Err(LoadError::Io { doing: "writing", source }),
            }
        }
        Ok(0)
    }

    pub(crate) const fn set_writable(&mut self) {
        self.blocked = false;
    }

    pub(crate) const fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Shuts down the sending direction.
    pub(crate) fn close(&self) -> Result<(), LoadError> {
        match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => {
                Err(LoadError::Io { doing: "closing", source: error })
            }
            _ => Ok(()),
        }
    }
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Returns whether the error is one that a closed peer causes.
fn is_peer_closed_error(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
