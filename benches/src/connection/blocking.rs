//! The calm phases of a run, one packet at a time: handshake, subscribing, and scenarios without overlap.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::socket::Socket;
use super::{Connection, Transport};
use crate::error::LoadError;
use crate::wire::build::Session;
use crate::wire::scan::RawPacket;
use crate::wire::{Version, build};

mod answers;
mod receive_buffer;

use answers::{connack, suback};
use receive_buffer::ReceiveBuffer;

/// How long an answer may take before the run is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Which broker, and in which protocol.
#[derive(Debug, Clone)]
pub struct Target {
    /// The listener.
    pub address: SocketAddr,
    /// The protocol of all connections.
    pub version: Version,
    /// What the connections run over.
    pub transport: Transport,
}

impl Target {
    /// A listener for plain TCP.
    pub const fn tcp(address: SocketAddr, version: Version) -> Self {
        Self { address, version, transport: Transport::Tcp }
    }
}

/// A connection that waits for each answer.
#[derive(Debug)]
pub struct BlockingConnection {
    socket: Socket,
    version: Version,
    receive_buffer: ReceiveBuffer,
    timeout: Duration,
    receive_maximum: u16,
    session_present: bool,
}

impl BlockingConnection {
    /// Connects and completes the MQTT handshake.
    pub fn connect(target: &Target, client_id: &str, keep_alive: u16) -> Result<Self, LoadError> {
        Self::connect_to(target, client_id, keep_alive, Session::Clean)
    }

    /// The same, with a session that may outlive the connection.
    pub fn connect_to(
        target: &Target,
        client_id: &str,
        keep_alive: u16,
        session: Session,
    ) -> Result<Self, LoadError> {
        let mut connection = Self {
            socket: target.transport.connect(target.address)?,
            version: target.version,
            receive_buffer: ReceiveBuffer::new(),
            timeout: ANSWER_TIMEOUT,
            receive_maximum: u16::MAX,
            session_present: false,
        };
        connection.establish()?;
        connection.send(&build::connect(target.version, client_id, keep_alive, session))?;
        (connection.session_present, connection.receive_maximum) =
            connection.with_packet(|packet| connack(&packet, target.version))?;
        connection.free_memory();
        Ok(connection)
    }

    /// How many QoS 1 messages may be unacknowledged towards the broker.
    pub const fn receive_maximum(&self) -> u16 {
        self.receive_maximum
    }

    /// Whether its TLS took up an earlier session; QUIC does not tell.
    pub fn is_resumed(&self) -> bool {
        self.socket.is_resumed()
    }

    /// Whether the broker had the session.
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// True when everything that was read has been handled.
    pub const fn is_drained(&self) -> bool {
        self.receive_buffer.is_drained()
    }

    /// Limits how long an answer is waited for.
    pub const fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Writes all of `bytes`.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let mut rest = bytes;
        loop {
            let count = if rest.is_empty() { 0 } else { self.socket.write(rest)? };
            rest = rest.get(count..).unwrap_or_default();
            if self.socket.flush()? && rest.is_empty() {
                return Ok(());
            }
            if count == 0 {
                self.wait(PollFlags::IN | PollFlags::OUT, self.timeout)?;
                self.socket.set_writable();
                self.read_available()?;
            }
        }
    }

    /// Subscribes to `filters` in one packet and checks each return code.
    pub fn subscribe(&mut self, packet_id: u16, filters: &[String], qos: u8) -> Result<(), LoadError> {
        let version = self.version;
        self.send(&build::subscribe(version, packet_id, filters, qos))?;
        self.with_packet(|packet| suback(&packet, version, packet_id))?;
        self.free_memory();
        Ok(())
    }

    /// Waits for the next frame.
    pub fn with_packet<T>(
        &mut self,
        handle: impl FnOnce(RawPacket<'_>) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        // Looked at twice: a frame borrows the inbox for as long as the function runs.
        while !self.receive_buffer.has_packet()? {
            self.wait_for_bytes()?;
        }
        match self.receive_buffer.next()? {
            Some(packet) => handle(packet),
            None => Err(LoadError::Closed),
        }
    }

    /// Gives back memory that is not needed while the connection is idle.
    pub fn free_memory(&mut self) {
        self.receive_buffer.free_memory();
    }

    /// True while the broker has neither closed the connection nor sent anything.
    pub fn is_quiet(&mut self) -> bool {
        let quiet = self.is_drained() && self.read_available().is_ok_and(|count| count == 0);
        self.free_memory();
        quiet
    }

    /// Says goodbye and closes.
    pub fn disconnect(mut self) -> Result<(), LoadError> {
        self.send(&build::DISCONNECT)?;
        self.socket.close()
    }

    /// The same, and waits until the broker has closed too. False when it did not within the patience.
    pub fn disconnect_and_wait(mut self) -> Result<bool, LoadError> {
        self.send(&build::DISCONNECT)?;
        let end = Instant::now() + self.timeout;
        loop {
            match self.read_available() {
                Err(LoadError::Closed) => break,
                Err(error) => return Err(error),
                Ok(_) => self.receive_buffer.discard(),
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.wait(PollFlags::IN, left) {
                Err(error) if error.is_timeout() => return Ok(false),
                waited => waited?,
            }
        }
        // The broker may have gone so far that this fails.
        let _ = self.socket.close();
        Ok(true)
    }

    /// Goes over to readiness events.
    pub fn into_connection(self) -> Result<Connection, LoadError> {
        Ok(Connection::new(self.socket, self.receive_buffer.into_rest()))
    }

    /// Waits for the handshakes below MQTT.
    fn establish(&mut self) -> Result<(), LoadError> {
        self.socket.flush()?;
        while !self.socket.is_open() {
            self.wait(PollFlags::IN, self.timeout)?;
            self.read_available()?;
        }
        Ok(())
    }

    /// Waits for an answer.
    fn wait_for_bytes(&mut self) -> Result<(), LoadError> {
        let end = Instant::now() + self.timeout;
        while self.read_available()? == 0 {
            self.wait(PollFlags::IN, end.saturating_duration_since(Instant::now()))?;
        }
        Ok(())
    }

    /// Reads what has come, without waiting; gives how many bytes of MQTT.
    fn read_available(&mut self) -> Result<usize, LoadError> {
        let mut count = 0;
        loop {
            let received = self.socket.read(self.receive_buffer.free_space())?;
            self.receive_buffer.add(received.count, received.more);
            count += received.count;
            self.socket.flush()?;
            if !received.more || count > 0 {
                return Ok(count);
            }
        }
    }

    /// Waits until the socket is ready, or the transport has something to do.
    fn wait(&mut self, flags: PollFlags, timeout: Duration) -> Result<(), LoadError> {
        if timeout.is_zero() {
            return Err(LoadError::Io {
                doing: "waiting for an answer",
                source: io::ErrorKind::TimedOut.into(),
            });
        }
        let now = Instant::now();
        let deadline = self.socket.deadline().map(|at| at.saturating_duration_since(now));
        let limit = Timespec::try_from(deadline.map_or(timeout, |deadline| deadline.min(timeout)));
        let ready =
            self.socket.with_fd(|fd| poll(&mut [PollFd::from_borrowed_fd(fd, flags)], limit.ok().as_ref()));
        match ready {
            Err(rustix::io::Errno::INTR) | Ok(_) => {}
            Err(error) => return Err(LoadError::Io { doing: "waiting for an answer", source: error.into() }),
        }
        self.socket.handle_timeout(Instant::now())
    }
}
