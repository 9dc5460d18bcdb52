//! A non-blocking MQTT connection, which sends bytes in large writes and splits large reads into packets.

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

/// Size of a read buffer in bytes. The partial packet of an earlier read is copied to its front.
pub const READ_LEN: usize = 256 * 1024;

/// An MQTT connection after its handshake, driven by readiness events.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    outgoing: Vec<u8>,
    /// Number of bytes at the front of `outgoing` that the socket has accepted.
    written_len: usize,
    partial_packet: Vec<u8>,
}

impl Connection {
    /// Creates a connection from a socket and the bytes that were already read from the socket.
    pub(crate) const fn new(socket: Socket, partial_packet: Vec<u8>) -> Self {
        Self { socket, outgoing: Vec::new(), written_len: 0, partial_packet }
    }

    /// Registers the socket for readiness events under `token`.
    pub fn register(&mut self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        self.socket.register(registry, token)
    }

    /// Returns the buffer to which callers append outgoing bytes. `flush` sends the bytes of this buffer.
    pub const fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// Records that the socket accepts bytes again.
    pub fn set_writable(&mut self) {
        self.socket.set_writable();
    }

    /// Returns the number of outgoing bytes that the socket has not accepted yet.
    pub fn backlog(&self) -> usize {
        self.outgoing.len() - self.written_len
    }

    /// Returns the time at which `handle_timeout` must be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.socket.deadline()
    }

    /// Runs the transport's timers that are due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), LoadError> {
        self.socket.handle_timeout(now)
    }

    /// Handles a datagram that arrived on a UDP socket shared with other connections.
    pub(crate) fn handle_datagram(&mut self, event: quinn_proto::ConnectionEvent) {
        if let Socket::Quic(quic) = &mut self.socket {
            quic.handle_datagram(event);
        }
    }

    /// Closes the connection. Errors are ignored, because the peer may have closed the connection already.
    pub(crate) fn close(&mut self) {
        let _ = self.socket.close();
    }

    /// Writes until everything is written or the socket is full.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        // Flushing may free space in a layer below without any readiness event, so a write that accepted 0 bytes is
        // repeated once.
        let mut retried = false;
        while let Some(rest) = self.outgoing.get(self.written_len..).filter(|rest| !rest.is_empty()) {
            match self.socket.write(rest)? {
                0 if retried || !self.socket.flush()? => break,
                0 => retried = true,
                count => {
                    self.written_len += count;
                    retried = false;
                }
            }
        }
        if self.written_len == self.outgoing.len() {
            self.outgoing.clear();
            self.written_len = 0;
        }
        self.socket.flush().map(drop)
    }

    /// Reads until the socket has no more bytes and calls `handle` with each whole packet and the outgoing buffer. Any
    /// number of connections can share `buffer`. Call `flush` afterwards.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        mut handle: impl FnMut(RawPacket<'_>, &mut Vec<u8>) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        loop {
            let partial_len = self.partial_packet.len();
            let Some((head, room)) =
                buffer.split_at_mut_checked(partial_len).filter(|(_, room)| !room.is_empty())
            else {
                return Err(LoadError::Malformed("a packet larger than the read buffer"));
            };
            head.copy_from_slice(&self.partial_packet);
            let received = self.socket.read(room)?;
            if received.count > 0 {
                let mut rest = buffer.get(..partial_len + received.count).unwrap_or_default();
                while let Some((packet, after)) = scan::next(rest)? {
                    handle(packet, &mut self.outgoing)?;
                    rest = after;
                }
                self.partial_packet.clear();
                self.partial_packet.extend_from_slice(rest);
            }
            if !received.has_more {
                return Ok(());
            }
        }
    }
}
