//! MQTT on the one bidirectional stream of a QUIC connection.

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

use super::Arrival;
use super::port::Port;
use crate::error::LoadError;

/// One connection.
pub(crate) struct Quic {
    port: Arc<Mutex<Port>>,
    /// The port brings datagrams of this connection only.
    owns_port: bool,
    handle: ConnectionHandle,
    connection: Connection,
    stream: Option<StreamId>,
    /// Datagrams that the socket did not take.
    refused: Option<(Transmit, Vec<u8>)>,
    deadline: Option<Instant>,
    lost: bool,
}

impl Quic {
    /// Begins to connect.
    pub(crate) fn connect(remote: SocketAddr, config: ClientConfig) -> Result<Self, LoadError> {
        let (port, handle, connection) = Port::client(remote, config)?;
        Ok(Self::new(Arc::new(Mutex::new(port)), true, handle, connection))
    }

    /// An accepted connection: its datagrams come through `handle`.
    pub(crate) fn accepted(port: Arc<Mutex<Port>>, handle: ConnectionHandle, connection: Connection) -> Self {
        Self::new(port, false, handle, connection)
    }

    fn new(
        port: Arc<Mutex<Port>>,
        owns_port: bool,
        handle: ConnectionHandle,
        connection: Connection,
    ) -> Self {
        let (stream, refused, deadline, lost) = (None, None, None, false);
        Self { port, owns_port, handle, connection, stream, refused, deadline, lost }
    }

    pub(crate) fn register(&self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        if self.owns_port { lock(&self.port).register(registry, Token(token)) } else { Ok(()) }
    }

    /// A datagram of this connection.
    pub(crate) fn handle(&mut self, event: ConnectionEvent) {
        self.connection.handle_event(event);
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn expire(&mut self, now: Instant) -> Result<(), LoadError> {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return Ok(());
        }
        self.connection.handle_timeout(now);
        self.flush().map(drop)
    }

    pub(crate) fn read(&mut self, room: &mut [u8]) -> Result<Arrival, LoadError> {
        if self.owns_port {
            let (connection, own) = (&mut self.connection, self.handle);
            lock(&self.port).receive(Instant::now(), room, &mut |_, event| match event {
                DatagramEvent::ConnectionEvent(handle, event) if handle == own => {
                    connection.handle_event(event);
                }
                _ => {}
            })?;
        }
        self.settle();
        let count = self.take(room)?;
        if count == 0 && self.lost {
            return Err(LoadError::Closed);
        }
        Ok(Arrival { count, more: count == room.len() })
    }

    /// Accepts what flow control and buffers allow.
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
        self.settle();
        let port = Arc::clone(&self.port);
        let mut port = lock(&port);
        if let Some((transmit, bytes)) = self.refused.take()
            && !port.send(&transmit, &bytes)?
        {
            self.refused = Some((transmit, bytes));
            return Ok(false);
        }
        let mut out = std::mem::take(&mut port.out);
        let segments_max = port.segments_max();
        while let Some(transmit) = self.connection.poll_transmit(now, segments_max, &mut out) {
            if !port.send(&transmit, &out)? {
                self.refused = Some((transmit, std::mem::take(&mut out)));
                break;
            }
            out.clear();
        }
        out.clear();
        port.out = out;
        self.deadline = self.connection.poll_timeout();
        Ok(self.refused.is_none())
    }

    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        self.connection.close(Instant::now(), VarInt::from_u32(0), bytes::Bytes::new());
        self.flush().map(drop)
    }

    pub(crate) fn with_fd<T>(&self, wait: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        wait(lock(&self.port).as_fd())
    }

    /// Lets connection and endpoint tell each other what they have to.
    fn settle(&mut self) {
        while let Some(event) = self.connection.poll() {
            match event {
                Event::Connected if self.owns_port => {
                    self.stream = self.connection.streams().open(Dir::Bi);
                }
                Event::Stream(StreamEvent::Opened { dir: Dir::Bi }) if self.stream.is_none() => {
                    self.stream = self.connection.streams().accept(Dir::Bi);
                }
                Event::ConnectionLost { .. } => self.lost = true,
                _ => {}
            }
        }
        while let Some(event) = self.connection.poll_endpoint_events() {
            let answer = lock(&self.port).endpoint.handle_event(self.handle, event);
            if let Some(answer) = answer {
                self.connection.handle_event(answer);
            }
        }
    }

    /// Copies what the stream has.
    fn take(&mut self, room: &mut [u8]) -> Result<usize, LoadError> {
        let Some(stream) = self.stream else { return Ok(0) };
        let mut stream = self.connection.recv_stream(stream);
        let Ok(mut chunks) = stream.read(true) else { return Err(LoadError::Closed) };
        let mut count = 0;
        let mut ended = false;
        while let Some(rest) = room.get_mut(count..).filter(|rest| !rest.is_empty()) {
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
        // The caller flushes anyway.
        let _ = chunks.finalize();
        if ended && count == 0 { Err(LoadError::Closed) } else { Ok(count) }
    }
}

impl fmt::Debug for Quic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quic").field("handle", &self.handle).finish_non_exhaustive()
    }
}

/// Nobody panics while holding it.
pub(crate) fn lock(port: &Mutex<Port>) -> MutexGuard<'_, Port> {
    port.lock().unwrap_or_else(PoisonError::into_inner)
}
