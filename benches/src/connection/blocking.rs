//! A connection that waits for the response to each request. Handshakes, subscribing, and scenarios that send one
//! request at a time use such connections.

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

mod receive_buffer;
mod responses;

use receive_buffer::ReceiveBuffer;
use responses::{connack, suback};

/// Time after which the run is aborted if a response has not arrived.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// A broker, and the parameters of the connections to the broker.
#[derive(Debug, Clone)]
pub struct Target {
    /// Address of the listener.
    pub address: SocketAddr,
    /// MQTT version of all connections.
    pub version: Version,
    /// Transport of all connections.
    pub transport: Transport,
}

impl Target {
    /// Creates the target for a broker that listens on plain TCP.
    pub const fn tcp(address: SocketAddr, version: Version) -> Self {
        Self { address, version, transport: Transport::Tcp }
    }
}

/// A connection that waits for each response.
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
    /// Connects with a clean session and waits for CONNACK. `keep_alive` is in seconds, 0 for none.
    pub fn connect(target: &Target, client_id: &str, keep_alive: u16) -> Result<Self, LoadError> {
        Self::connect_to(target, client_id, keep_alive, Session::Clean)
    }

    /// Connects like `connect`, but with a session that may outlive the connection.
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
            timeout: RESPONSE_TIMEOUT,
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

    /// Returns the Receive Maximum of CONNACK: the number of QoS 1 and 2 messages that the broker accepts before it
    /// acknowledges them.
    pub const fn receive_maximum(&self) -> u16 {
        self.receive_maximum
    }

    /// Returns whether the connection resumed an earlier TLS session. The result is always false for QUIC, which does
    /// not report resumptions.
    pub fn is_resumed(&self) -> bool {
        self.socket.is_resumed()
    }

    /// Returns whether the broker already had a session for the client.
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// Returns whether all bytes received so far have been handled.
    pub const fn is_drained(&self) -> bool {
        self.receive_buffer.is_drained()
    }

    /// Sets the time to wait for a response.
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

    /// Subscribes to `filters` in one packet, waits for SUBACK and checks each reason code.
    pub fn subscribe(&mut self, packet_id: u16, filters: &[String], qos: u8) -> Result<(), LoadError> {
        let version = self.version;
        self.send(&build::subscribe(version, packet_id, filters, qos))?;
        self.with_packet(|packet| suback(&packet, version, packet_id))?;
        self.free_memory();
        Ok(())
    }

    /// Waits for the next packet and passes it to `handle`.
    pub fn with_packet<T>(
        &mut self,
        handle: impl FnOnce(RawPacket<'_>) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        // The packet is parsed twice, because it borrows the buffer until the function returns.
        while !self.receive_buffer.has_packet()? {
            self.wait_for_bytes()?;
        }
        match self.receive_buffer.next()? {
            Some(packet) => handle(packet),
            None => Err(LoadError::Closed),
        }
    }

    /// Frees memory that an idle connection does not need.
    pub fn free_memory(&mut self) {
        self.receive_buffer.free_memory();
    }

    /// Returns whether the connection is still open and the broker has sent nothing.
    pub fn is_idle(&mut self) -> bool {
        let quiet = self.is_drained() && self.read_available().is_ok_and(|count| count == 0);
        self.free_memory();
        quiet
    }

    /// Sends DISCONNECT and closes the connection.
    pub fn disconnect(mut self) -> Result<(), LoadError> {
        self.send(&build::DISCONNECT)?;
        self.socket.close()
    }

    /// Sends DISCONNECT and waits until the broker closes the connection. Returns false if the broker does not close
    /// the connection within the timeout.
    pub fn disconnect_and_wait(mut self) -> Result<bool, LoadError> {
        self.send(&build::DISCONNECT)?;
        let end = Instant::now() + self.timeout;
        loop {
            match self.read_available() {
                Err(LoadError::Closed) => break,
                Err(error) => return Err(error),
                Ok(_) => self.receive_buffer.discard_all(),
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.wait(PollFlags::IN, left) {
                Err(error) if error.is_timeout() => return Ok(false),
                waited => waited?,
            }
        }
        // The error is ignored, because closing fails if the broker has already closed the socket completely.
        let _ = self.socket.close();
        Ok(true)
    }

    /// Converts this connection into one that is driven by readiness events.
    pub fn into_connection(self) -> Result<Connection, LoadError> {
        Ok(Connection::new(self.socket, self.receive_buffer.into_rest()))
    }

    /// Completes the handshakes below MQTT.
    fn establish(&mut self) -> Result<(), LoadError> {
        self.socket.flush()?;
        while !self.socket.is_open() {
            self.wait(PollFlags::IN, self.timeout)?;
            self.read_available()?;
        }
        Ok(())
    }

    /// Waits until bytes arrive.
    fn wait_for_bytes(&mut self) -> Result<(), LoadError> {
        let end = Instant::now() + self.timeout;
        while self.read_available()? == 0 {
            self.wait(PollFlags::IN, end.saturating_duration_since(Instant::now()))?;
        }
        Ok(())
    }

    /// Reads the bytes that have arrived, without waiting. Returns the number of MQTT bytes.
    fn read_available(&mut self) -> Result<usize, LoadError> {
        let mut count = 0;
        loop {
            let received = self.socket.read(self.receive_buffer.free_space())?;
            self.receive_buffer.add(received.count, received.has_more);
            count += received.count;
            self.socket.flush()?;
            if !received.has_more || count > 0 {
                return Ok(count);
            }
        }
    }

    /// Waits until the socket is ready or a timer of the transport is due.
    fn wait(&mut self, flags: PollFlags, timeout: Duration) -> Result<(), LoadError> {
        if timeout.is_zero() {
            return Err(LoadError::Io {
                doing: "waiting for a response",
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
            Err(error) => {
                return Err(LoadError::Io { doing: "waiting for a response", source: error.into() });
            }
        }
        self.socket.handle_timeout(Instant::now())
    }
}
