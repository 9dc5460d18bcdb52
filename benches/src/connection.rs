//! One non-blocking MQTT connection: bytes out in large writes, frames in from large reads. No accounting.

use std::time::Instant;

use mio::Registry;

use crate::error::LoadError;
use crate::wire::scan::{self, RawPacket};

pub mod blocking;
pub(crate) mod socket;
pub mod transport;

pub use blocking::{BlockingConnection, Target};
pub use transport::Transport;

use socket::Socket;

/// What one read asks for. Torn tails go in front of it.
pub const READ_LEN: usize = 256 * 1024;

/// A connection past its handshake, driven by readiness.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    outgoing: Vec<u8>,
    written: usize,
    partial: Vec<u8>,
}

impl Connection {
    /// Takes over a byte stream and what was already read from it.
    pub(crate) const fn new(socket: Socket, partial: Vec<u8>) -> Self {
        Self { socket, outgoing: Vec::new(), written: 0, partial }
    }

    /// Asks for readiness events under `token`.
    pub fn register(&mut self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        self.socket.register(registry, token)
    }

    /// Where to append what is to be sent; `flush` sends it.
    pub const fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// The socket takes bytes again.
    pub fn set_writable(&mut self) {
        self.socket.set_writable();
    }

    /// Bytes that wait for the socket.
    pub fn backlog(&self) -> usize {
        self.outgoing.len() - self.written
    }

    /// When `handle_timeout` must be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.socket.deadline()
    }

    /// The time is `now`: what the transport had put off is done.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), LoadError> {
        self.socket.handle_timeout(now)
    }

    /// A datagram that came through a socket shared with others.
    pub(crate) fn handle(&mut self, event: quinn_proto::ConnectionEvent) {
        if let Socket::Quic(quic) = &mut self.socket {
            quic.handle(event);
        }
    }

    /// Ends the connection. That the peer may be gone does not matter.
    pub(crate) fn close(&mut self) {
        let _ = self.socket.close();
    }

    /// Writes until all is written or the socket is full.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        // What a layer below held back may leave now, and make room for more: no event would say so.
        let mut retried = false;
        while let Some(rest) = self.outgoing.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.socket.write(rest)? {
                0 if retried || !self.socket.flush()? => break,
                0 => retried = true,
                count => {
                    self.written += count;
                    retried = false;
                }
            }
        }
        if self.written == self.outgoing.len() {
            self.outgoing.clear();
            self.written = 0;
        }
        self.socket.flush().map(drop)
    }

    /// Reads until nothing more can be read at once, and hands each whole frame to `handle`, together with the bytes
    /// to be sent. `buffer` is scratch that any number of connections share. `flush` must follow.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        mut handle: impl FnMut(RawPacket<'_>, &mut Vec<u8>) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        loop {
            let partial = self.partial.len();
            let Some((head, room)) =
                buffer.split_at_mut_checked(partial).filter(|(_, room)| !room.is_empty())
            else {
                return Err(LoadError::Malformed("a packet larger than the read buffer"));
            };
            head.copy_from_slice(&self.partial);
            let received = self.socket.read(room)?;
            if received.count > 0 {
                let mut rest = buffer.get(..partial + received.count).unwrap_or_default();
                while let Some((packet, after)) = scan::next(rest)? {
                    handle(packet, &mut self.outgoing)?;
                    rest = after;
                }
                self.partial.clear();
                self.partial.extend_from_slice(rest);
            }
            if !received.more {
                return Ok(());
            }
        }
    }
}
