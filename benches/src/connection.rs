//! One non-blocking MQTT connection: bytes out in large writes, frames in from large reads. No accounting.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::error::LoadError;
use crate::wire::scan::{self, Frame};

pub mod blocking;

pub use blocking::{Blocking, Target};

/// What one read asks for. Torn tails go in front of it.
pub const READ_LEN: usize = 256 * 1024;

/// A connection past its handshake, driven by readiness.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    outgoing: Vec<u8>,
    written: usize,
    torn: Vec<u8>,
    blocked: bool,
}

impl Connection {
    /// Takes over a non-blocking stream and what was already read from it.
    pub(crate) fn new(stream: std::net::TcpStream, torn: Vec<u8>) -> Result<Self, LoadError> {
        stream.set_nonblocking(true).map_err(LoadError::io("making a socket non-blocking"))?;
        let stream = TcpStream::from_std(stream);
        Ok(Self { stream, outgoing: Vec::new(), written: 0, torn, blocked: false })
    }

    /// An accepted stream.
    pub(crate) fn accepted(stream: TcpStream) -> Self {
        Self { stream, outgoing: Vec::new(), written: 0, torn: Vec::new(), blocked: false }
    }

    /// Asks for readiness events under `token`.
    pub fn register(&mut self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        registry
            .register(&mut self.stream, Token(token), Interest::READABLE | Interest::WRITABLE)
            .map_err(LoadError::io("watching a socket"))
    }

    /// Where to append what is to be sent; `flush` sends it.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// The socket takes bytes again.
    pub fn unblock(&mut self) {
        self.blocked = false;
    }

    /// Bytes that wait for the socket.
    pub fn backlog(&self) -> usize {
        self.outgoing.len() - self.written
    }

    /// Writes until all is written or the socket is full.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        while !self.blocked && self.written < self.outgoing.len() {
            let rest = self.outgoing.get(self.written..).unwrap_or_default();
            match self.stream.write(rest) {
                Ok(0) => return Err(LoadError::Closed),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.blocked = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(LoadError::Io { doing: "writing", source }),
            }
        }
        if self.written == self.outgoing.len() {
            self.outgoing.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// Reads until a read comes back less than full, and hands each whole frame to `handle`, together with the
    /// bytes to be sent. `buffer` is scratch that any number of connections share.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        mut handle: impl FnMut(Frame<'_>, &mut Vec<u8>) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        loop {
            let torn = self.torn.len();
            let Some((head, room)) = buffer.split_at_mut_checked(torn).filter(|(_, room)| !room.is_empty())
            else {
                return Err(LoadError::Malformed("a packet larger than the read buffer"));
            };
            head.copy_from_slice(&self.torn);
            let Some(count) = read(&mut self.stream, room)? else { return Ok(()) };
            let full = count == room.len();
            let mut rest = buffer.get(..torn + count).unwrap_or_default();
            while let Some((frame, after)) = scan::next(rest)? {
                handle(frame, &mut self.outgoing)?;
                rest = after;
            }
            self.torn.clear();
            self.torn.extend_from_slice(rest);
            if !full {
                return Ok(());
            }
        }
    }
}

/// One read; None when there is nothing to read now.
fn read(stream: &mut TcpStream, room: &mut [u8]) -> Result<Option<usize>, LoadError> {
    loop {
        match stream.read(room) {
            Ok(0) => return Err(LoadError::Closed),
            Ok(count) => return Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Err(LoadError::Closed),
            Err(source) => return Err(LoadError::Io { doing: "reading", source }),
        }
    }
}
