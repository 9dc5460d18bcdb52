//! MQTT over the first bidirectional stream of a QUIC connection.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mio::{Registry, Token};
use quinn_proto::{
    ClientConfig, Connection, ConnectionEvent, ConnectionHandle, DatagramEvent, Dir, Event, ReadError,
    StreamEvent, StreamId, Transmit, VarInt, WriteError,
};

use super::Received;
use super::udp_endpoint::UdpEndpoint;
use crate::error::LoadError;

/// The socket side of one QUIC connection.
pub(crate) struct Quic {
    udp: Arc<Mutex<UdpEndpoint>>,
    /// Whether this connection is the only one of the endpoint.
    owns_endpoint: bool,
    handle: ConnectionHandle,
    connection: Connection,
    stream: Option<StreamId>,
    /// Datagrams that the socket has not accepted yet.
    unsent_datagrams: Option<(Transmit, Vec<u8>)>,
    deadline: Option<Instant>,
    is_lost: bool,
}

impl Quic {
    /// Starts to connect.
    pub(crate) fn connect(remote: SocketAddr, config: ClientConfig) -> Result<Self, LoadError> {
        let (udp, handle, connection) = UdpEndpoint::client(remote, config)?;
        Ok(Self::new(Arc::new(Mutex::new(udp)), true, handle, connection))
    }

    /// Creates the server side of an accepted connection. The owner of the endpoint passes the datagrams of the
    /// connection to `handle_datagram`.
    pub(crate) fn accepted(
        udp: Arc<Mutex<UdpEndpoint>>,
        handle: ConnectionHandle,
        connection: Connection,
    ) -> Self {
        Self::new(udp, false, handle, connection)
    }

    fn new(
        udp: Arc<Mutex<UdpEndpoint>>,
        owns_endpoint: bool,
        handle: ConnectionHandle,
        connection: Connection,
    ) -> Self {
        let (stream, unsent_datagrams, deadline, is_lost) = (None, None, None, false);
        Self { udp, owns_endpoint, handle, connection, stream, unsent_datagrams, deadline, is_lost }
    }

    pub(crate) fn register(&self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        if self.owns_endpoint { lock(&self.udp).register(registry, Token(token)) } else { Ok(()) }
    }

    /// Handles a datagram of this connection.
    pub(crate) fn handle_datagram(&mut self, event: ConnectionEvent) {
        self.connection.handle_event(event);
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), LoadError> {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return Ok(());
        }
        self.connection.handle_timeout(now);
        self.flush().map(drop)
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, LoadError> {
        if self.owns_endpoint {
            let (connection, own) = (&mut self.connection, self.handle);
            lock(&self.udp).receive(Instant::now(), buffer, &mut |_, event| match event {
                DatagramEvent::ConnectionEvent(handle, event) if handle == own => {
                    connection.handle_event(event);
                }
                _ => {}
            })?;
        }
        self.exchange_events();
        let count = self.read_stream(buffer)?;
        if count == 0 && self.is_lost {
            return Err(LoadError::Closed);
        }
        Ok(Received { count, has_more: count == buffer.len() })
    }

    /// Accepts as many bytes as flow control and buffers allow.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        let Some(stream) = self.stream else { return Ok(0) };
        match self.connection.send_stream(stream).write(bytes) {
            Ok(count) => Ok(count),
            Err(WriteError::Blocked) => Ok(0),
            Err(_) => Err(LoadError::Closed),
        }
    }

    pub(crate) fn flush(&mut self) -> Result<bool, LoadError> {
        let now = Instant::now();
        self.exchange_events();
        let udp = Arc::clone(&self.udp);
        let mut udp = lock(&udp);
        if let Some((transmit, bytes)) = self.unsent_datagrams.take()
            && !udp.send(&transmit, &bytes)?
        {
            self.unsent_datagrams = Some((transmit, bytes));
            return Ok(false);
        }
        let mut out = std::mem::take(&mut udp.send_buffer);
        let segments_max = udp.segments_max();
        while let Some(transmit) = self.connection.poll_transmit(now, segments_max, &mut out) {
            if !udp.send(&transmit, &out)? {
                self.unsent_datagrams = Some((transmit, std::mem::take(&mut out)));
                break;
            }
            out.clear();
        }
        out.clear();
        udp.send_buffer = out;
        self.deadline = self.connection.poll_timeout();
        Ok(self.unsent_datagrams.is_none())
    }

    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        self.connection.close(Instant::now(), VarInt::from_u32(0), bytes::Bytes::new());
        self.flush().map(drop)
    }

    pub(crate) fn with_fd<T>(&self, wait: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        wait(lock(&self.udp).as_fd())
    }

    /// Handles the events of the connection, and passes events between connection and endpoint.
    fn exchange_events(&mut self) {
        while let Some(event) = self.connection.poll() {
            match event {
                Event::Connected if self.owns_endpoint => {
                    self.stream = self.connection.streams().open(Dir::Bi);
                }
                Event::Stream(StreamEvent::Opened { dir: Dir::Bi }) if self.stream.is_none() => {
                    self.stream = self.connection.streams().accept(Dir::Bi);
                }
                Event::ConnectionLost { .. } => self.is_lost = true,
                _ => {}
            }
        }
        while let Some(event) = self.connection.poll_endpoint_events() {
            let response = lock(&self.udp).endpoint.handle_event(self.handle, event);
            if let Some(response) = response {
                self.connection.handle_event(response);
            }
        }
    }

    /// Copies received bytes of the stream into `buffer`.
    fn read_stream(&mut self, buffer: &mut [u8]) -> Result<usize, LoadError> {
        let Some(stream) = self.stream else { return Ok(0) };
        let mut stream = self.connection.recv_stream(stream);
        let Ok(mut chunks) = stream.read(true) else { return Err(LoadError::Closed) };
        let mut count = 0;
        let mut ended = false;
        while let Some(rest) = buffer.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match chunks.next(rest.len()) {
                Ok(Some(chunk)) => {
                    let len = chunk.bytes.len();
                    rest.get_mut(..len).unwrap_or_default().copy_from_slice(&chunk.bytes);
                    count += len;
                }
                Err(ReadError::Blocked) => break,
                Ok(None) | Err(ReadError::Reset(_)) => {
                    ended = true;
                    break;
                }
            }
        }
        // The result is ignored, because the caller flushes in any case.
        let _ = chunks.finalize();
        if ended && count == 0 { Err(LoadError::Closed) } else { Ok(count) }
    }
}

impl fmt::Debug for Quic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quic").field("handle", &self.handle).finish_non_exhaustive()
    }
}

/// Locks the endpoint. No code panics while the endpoint is locked, so poisoning is ignored.
pub(crate) fn lock(udp: &Mutex<UdpEndpoint>) -> MutexGuard<'_, UdpEndpoint> {
    udp.lock().unwrap_or_else(PoisonError::into_inner)
}
