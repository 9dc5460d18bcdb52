//! TLS over a TCP socket. One record carries all packets that are ready to send, and one read takes all records that
//! have arrived.

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
    /// Bytes from the peer. The bytes between `consumed` and `filled` are not decrypted yet.
    ciphertext: Vec<u8>,
    consumed: usize,
    filled: usize,
    /// Whether the last read from the socket filled the buffer, so that more bytes may be available.
    last_read_was_full: bool,
}

impl Tls {
    /// Creates the client side of a connection. The peer must have a certificate for `localhost`.
    pub(crate) fn new_client(socket: TcpSocket, config: Arc<ClientConfig>) -> Result<Self, LoadError> {
        let name = ServerName::try_from("localhost")
            .map_err(|_| LoadError::Arguments("localhost is not a valid server name"))?;
        let session = ClientConnection::new(config, name).map_err(LoadError::tls)?;
        Ok(Self::new(socket, session.into()))
    }

    /// Creates the server side of a connection.
    pub(crate) fn server(socket: TcpSocket, config: Arc<ServerConfig>) -> Result<Self, LoadError> {
        Ok(Self::new(socket, ServerConnection::new(config).map_err(LoadError::tls)?.into()))
    }

    fn new(socket: TcpSocket, mut session: Connection) -> Self {
        session.set_buffer_limit(None);
        Self { socket, session, ciphertext: Vec::new(), consumed: 0, filled: 0, last_read_was_full: false }
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

    /// Returns whether the connection resumed an earlier TLS session.
    pub(crate) fn is_resumed(&self) -> bool {
        self.session.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    /// Reads from the socket at most once and decrypts the bytes that have arrived.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, LoadError> {
        let mut count = 0;
        let mut open = self.take_plaintext(buffer, &mut count)?;
        if open && self.consumed == self.filled && count < buffer.len() {
            self.read_ciphertext()?;
        }
        if open {
            open = self.decrypt(buffer, &mut count)?;
        }
        match (open, count) {
            (false, 0) => Err(LoadError::Closed),
            _ => Ok(Received { count, has_more: open && self.has_more(count == buffer.len()) }),
        }
    }

    /// Encrypts all bytes. Accepts none while the socket is full.
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
        full || self.last_read_was_full || self.consumed < self.filled
    }

    /// Decrypts the bytes that were read, as far as `buffer` has room. Returns false once the peer has sent
    /// `close_notify`.
    fn decrypt(&mut self, buffer: &mut [u8], count: &mut usize) -> Result<bool, LoadError> {
        let mut open = true;
        while open && self.consumed < self.filled && *count < buffer.len() {
            open = self.process_ciphertext()? && self.take_plaintext(buffer, count)?;
        }
        Ok(open)
    }

    /// Passes a part of the bytes that were read to the TLS session. Returns false when the session accepts no more.
    fn process_ciphertext(&mut self) -> Result<bool, LoadError> {
        let mut rest = self.ciphertext.get(self.consumed..self.filled).unwrap_or_default();
        let consumed = self.session.read_tls(&mut rest).map_err(LoadError::io("reading TLS"))?;
        self.consumed += consumed;
        self.session.process_new_packets().map_err(LoadError::tls)?;
        Ok(consumed > 0)
    }

    fn read_ciphertext(&mut self) -> Result<(), LoadError> {
        self.ciphertext.resize(READ_LEN, 0);
        let received = self.socket.read(&mut self.ciphertext)?;
        (self.consumed, self.filled, self.last_read_was_full) = (0, received.count, received.has_more);
        Ok(())
    }

    /// Appends decrypted bytes to the `count` bytes in `buffer`. Returns false once the peer has sent `close_notify`.
    fn take_plaintext(&mut self, buffer: &mut [u8], count: &mut usize) -> Result<bool, LoadError> {
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
