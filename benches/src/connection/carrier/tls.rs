//! TLS over a socket: many packets to a record, many records to a read.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::Arrival;
use super::socket::Socket;
use crate::error::LoadError;

/// Bytes that one read of the socket asks for.
const CIPHER_LEN: usize = 64 * 1024;

/// The session and its socket.
#[derive(Debug)]
pub(crate) struct Tls {
    socket: Socket,
    session: Connection,
    /// Bytes of the peer that the session has not had yet: those between `fed` and `held`.
    cipher: Vec<u8>,
    fed: usize,
    held: usize,
    /// The last read of the socket was full.
    more: bool,
}

impl Tls {
    /// The connecting side; the peer must prove to be `localhost`.
    pub(crate) fn client(socket: Socket, config: Arc<ClientConfig>) -> Result<Self, LoadError> {
        let name = ServerName::try_from("localhost").map_err(|_| LoadError::Arguments("unusable name"))?;
        let session = ClientConnection::new(config, name).map_err(LoadError::tls)?;
        Ok(Self::new(socket, session.into()))
    }

    /// The accepting side.
    pub(crate) fn server(socket: Socket, config: Arc<ServerConfig>) -> Result<Self, LoadError> {
        Ok(Self::new(socket, ServerConnection::new(config).map_err(LoadError::tls)?.into()))
    }

    fn new(socket: Socket, mut session: Connection) -> Self {
        session.set_buffer_limit(None);
        Self { socket, session, cipher: Vec::new(), fed: 0, held: 0, more: false }
    }

    pub(crate) const fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) const fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.session.is_handshaking()
    }

    /// True when it took up an earlier session.
    pub(crate) fn is_resumed(&self) -> bool {
        self.session.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    /// One read of the socket, and what can be made of it.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> Result<Arrival, LoadError> {
        let mut count = 0;
        let mut open = self.drain(room, &mut count)?;
        if open && self.fed == self.held && count < room.len() {
            self.refill()?;
        }
        if open {
            open = self.decrypt(room, &mut count)?;
        }
        match (open, count) {
            (false, 0) => Err(LoadError::Closed),
            _ => Ok(Arrival { count, more: open && self.has_more(count == room.len()) }),
        }
    }

    /// Encrypts all of the bytes, unless the socket is full.
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
        full || self.more || self.fed < self.held
    }

    /// Decrypts what was read, as far as there is room. False once the peer has said that there will be no more.
    fn decrypt(&mut self, room: &mut [u8], count: &mut usize) -> Result<bool, LoadError> {
        let mut open = true;
        while open && self.fed < self.held && *count < room.len() {
            open = self.feed()? && self.drain(room, count)?;
        }
        Ok(open)
    }

    /// Gives the session a piece of what was read. False when it wants no more.
    fn feed(&mut self) -> Result<bool, LoadError> {
        let mut rest = self.cipher.get(self.fed..self.held).unwrap_or_default();
        let fed = self.session.read_tls(&mut rest).map_err(LoadError::io("reading TLS"))?;
        self.fed += fed;
        self.session.process_new_packets().map_err(LoadError::tls)?;
        Ok(fed > 0)
    }

    fn refill(&mut self) -> Result<(), LoadError> {
        self.cipher.resize(CIPHER_LEN, 0);
        let arrival = self.socket.read(&mut self.cipher)?;
        (self.fed, self.held, self.more) = (0, arrival.count, arrival.more);
        Ok(())
    }

    /// Moves decrypted bytes to the end of what `room` holds. False once the peer has said that there will be no more.
    fn drain(&mut self, room: &mut [u8], count: &mut usize) -> Result<bool, LoadError> {
        while let Some(rest) = room.get_mut(*count..).filter(|rest| !rest.is_empty()) {
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
