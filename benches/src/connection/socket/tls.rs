//! TLS over a TCP socket. A record carries as many packets as are ready, and a read as many records as have arrived.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::Received;
use super::tcp::TcpSocket;
use crate::error::LoadError;

/// Size of a read from the socket, in bytes.
const READ_LEN: usize = 64 * 1024;

/// The TLS session and its socket.
#[derive(Debug)]
pub(crate) struct Tls {
    socket: TcpSocket,
    session: Connection,
    /// Bytes from the peer. Those between `consumed` and `filled` are not decrypted yet.
    ciphertext: Vec<u8>,
    consumed: usize,
    filled: usize,
    /// The last read of the socket was full.
    more: bool,
}

impl Tls {
    /// The client side. The peer must have a certificate for `localhost`.
    pub(crate) fn client(socket: TcpSocket, config: Arc<ClientConfig>) -> Result<Self, LoadError> {
        let name = ServerName::try_from("localhost")
            .map_err(|_| LoadError::Arguments("localhost is not a valid server name"))?;
        let session = ClientConnection::new(config, name).map_err(LoadError::tls)?;
        Ok(Self::new(socket, session.into()))
    }

    /// The server side.
    pub(crate) fn server(socket: TcpSocket, config: Arc<ServerConfig>) -> Result<Self, LoadError> {
        Ok(Self::new(socket, ServerConnection::new(config).map_err(LoadError::tls)?.into()))
    }

    fn new(socket: TcpSocket, mut session: Connection) -> Self {
        session.set_buffer_limit(None);
        Self { socket, session, ciphertext: Vec::new(), consumed: 0, filled: 0, more: false }
    }

    pub(crate) const fn socket(&self) -> &TcpSocket {
        &self.socket
    }

    pub(crate) const fn socket_mut(&mut self) -> &mut TcpSocket {
        &mut self.socket
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.session.is_handshaking()
    }

    /// True when it resumed an earlier session.
    pub(crate) fn is_resumed(&self) -> bool {
        self.session.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    /// Reads from the socket at most once and decrypts what has arrived.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, LoadError> {
        let mut count = 0;
        let mut open = self.drain(buffer, &mut count)?;
        if open && self.consumed == self.filled && count < buffer.len() {
            self.refill()?;
        }
        if open {
            open = self.decrypt(buffer, &mut count)?;
        }
        match (open, count) {
            (false, 0) => Err(LoadError::Closed),
            _ => Ok(Received { count, more: open && self.has_more(count == buffer.len()) }),
        }
    }

    /// Encrypts all bytes, or none while the socket is full.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        if self.socket.is_blocked() {
            return Ok(0);
        }
        self.session.writer().write(bytes).map_err(LoadError::io("encrypting"))
    }

    pub(crate) fn flush(&mut self) -> Result<bool, LoadError> {
        while self.session.wants_write() {
            let session = &mut self.session;
            if self.socket.write_with(|stream| session.write_tls(stream))? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        self.session.send_close_notify();
        self.flush()?;
        self.socket.close()
    }

    const fn has_more(&self, full: bool) -> bool {
        full || self.more || self.consumed < self.filled
    }

    /// Decrypts what was read, as far as `buffer` has room. False once the peer has sent `close_notify`.
    fn decrypt(&mut self, buffer: &mut [u8], count: &mut usize) -> Result<bool, LoadError> {
        let mut open = true;
        while open && self.consumed < self.filled && *count < buffer.len() {
            open = self.process_some()? && self.drain(buffer, count)?;
        }
        Ok(open)
    }

    /// Passes the session a part of what was read. False when the session accepts no more.
    fn process_some(&mut self) -> Result<bool, LoadError> {
        let mut rest = self.ciphertext.get(self.consumed..self.filled).unwrap_or_default();
        let consumed = self.session.read_tls(&mut rest).map_err(LoadError::io("reading TLS"))?;
        self.consumed += consumed;
        self.session.process_new_packets().map_err(LoadError::tls)?;
        Ok(consumed > 0)
    }

    fn refill(&mut self) -> Result<(), LoadError> {
        self.ciphertext.resize(READ_LEN, 0);
        let received = self.socket.read(&mut self.ciphertext)?;
        (self.consumed, self.filled, self.more) = (0, received.count, received.more);
        Ok(())
    }

    /// Appends decrypted bytes to the `count` bytes in `buffer`. False once the peer has sent `close_notify`.
    fn drain(&mut self, buffer: &mut [u8], count: &mut usize) -> Result<bool, LoadError> {
        while let Some(rest) = buffer.get_mut(*count..).filter(|rest| !rest.is_empty()) {
            match self.session.reader().read(rest) {
                Ok(0) => return Ok(false),
                Ok(read) => *count += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(source) => return Err(LoadError::Io { doing: "decrypting", source }),
            }
        }
        Ok(true)
    }
}
