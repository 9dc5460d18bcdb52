//! A bidirectional byte stream over any transport. A link dispatches each call to its transport and does not parse
//! MQTT.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tidegate_limits::Peer;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;

use crate::connection::NetworkConnection;
use crate::memory::MemoryStream;
use crate::quic::QuicStream;
use crate::websocket::WebSocket;

mod direct;
mod encrypted;
mod futures;
mod plain;
mod raw_socket;

pub use direct::DirectWriter;

pub(crate) use plain::poll_read;
pub(crate) use raw_socket::{RawSocket, drain, poll_discard};

use plain::{PlainTcp, PlainUnix};

/// A connected byte stream, on the server's or the client's side.
///
/// A link belongs to the tokio runtime that created it, until [`Link::reregister`] moves the link to another runtime.
/// Reads fill the caller's buffer. An idle link holds no buffers, only the state of TLS or QUIC. If a link is dropped
/// without [`Link::poll_close`], the link ends without an orderly close.
///
/// A socket is an optional capability of a link. A QUIC link shares its socket with other links, so it cannot move
/// ([`Link::is_mobile`]). A link in memory has no socket, so it can move but has no [`DirectWriter`]. Several links may
/// belong to one network connection ([`Link::connection`]).
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    connection: Arc<NetworkConnection>,
}

#[derive(Debug)]
enum Stream {
    Tcp(PlainTcp),
    Unix(PlainUnix),
    Tls(Box<TlsStream<TcpStream>>),
    WebSocket(Box<WebSocket<TcpStream>>),
    SecureWebSocket(Box<WebSocket<TlsStream<TcpStream>>>),
    Quic(Box<QuicStream>),
    Memory(MemoryStream),
}

/// The reason that an orderly close sends to the peer, if the transport can transmit a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloseReason {
    /// The communication is complete. WebSocket 1000, QUIC 0.
    #[default]
    Normal,
    /// The server is shutting down. WebSocket 1001, QUIC 0.
    GoingAway,
    /// The control stream failed. WebSocket 1011, QUIC 1.
    ControlStreamDown,
    /// The server is overloaded. WebSocket 1013, QUIC 2.
    Overloaded,
}

impl Link {
    pub(crate) fn tcp(stream: TcpStream, connection: Arc<NetworkConnection>) -> Self {
        Self::new(Stream::Tcp(PlainTcp::from(stream)), connection)
    }

    pub(crate) fn unix(stream: UnixStream, connection: Arc<NetworkConnection>) -> Self {
        Self::new(Stream::Unix(PlainUnix::from(stream)), connection)
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>, connection: Arc<NetworkConnection>) -> Self {
        Self::new(Stream::Tls(Box::new(stream)), connection)
    }

    pub(crate) fn websocket(stream: WebSocket<TcpStream>, connection: Arc<NetworkConnection>) -> Self {
        Self::new(Stream::WebSocket(Box::new(stream)), connection)
    }

    pub(crate) fn secure_websocket(
        stream: WebSocket<TlsStream<TcpStream>>,
        connection: Arc<NetworkConnection>,
    ) -> Self {
        Self::new(Stream::SecureWebSocket(Box::new(stream)), connection)
    }

    pub(crate) fn quic(stream: QuicStream, connection: Arc<NetworkConnection>) -> Self {
        Self::new(Stream::Quic(Box::new(stream)), connection)
    }

    pub(crate) fn memory(stream: MemoryStream, connection: Arc<NetworkConnection>) -> Self {
        Self::new(Stream::Memory(stream), connection)
    }

    fn new(stream: Stream, connection: Arc<NetworkConnection>) -> Self {
        Self { stream, connection }
    }

    /// Reads into `buf`. Returns the number of bytes read; 0 means the end of the stream.
    ///
    /// # Errors
    /// Returns an error if the connection failed or the peer violated the transport's protocol (`InvalidData`).
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.poll_read(cx, buf),
            Stream::Unix(stream) => stream.poll_read(cx, buf),
            Stream::Tls(stream) => poll_read(&mut **stream, cx, buf),
            Stream::WebSocket(stream) => stream.poll_read(cx, buf),
            Stream::SecureWebSocket(stream) => stream.poll_read(cx, buf),
            Stream::Quic(stream) => stream.poll_read(cx, buf),
            Stream::Memory(stream) => stream.poll_read(cx, buf),
        }
    }

    /// Writes bytes from `slices`, in order. Returns the number of bytes accepted. The bytes of one call are sent in as
    /// few segments, records or frames as possible. A caller cannot withdraw bytes that it has offered: its next call
    /// must begin with the first byte that was not accepted. Call [`Link::poll_flush`] when there is currently no more
    /// data to write.
    ///
    /// # Errors
    /// Returns an error if the connection failed.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.poll_write(cx, slices),
            Stream::Unix(stream) => stream.poll_write(cx, slices),
            Stream::Tls(stream) => encrypted::poll_write(stream, cx, slices),
            Stream::WebSocket(stream) => stream.poll_write(cx, slices),
            Stream::SecureWebSocket(stream) => stream.poll_write(cx, slices),
            Stream::Quic(stream) => stream.poll_write(cx, slices),
            Stream::Memory(stream) => stream.poll_write(cx, slices),
        }
    }

    /// Flushes the bytes accepted so far, and sends the transport's own pending frames (WebSocket pings and pongs).
    ///
    /// # Errors
    /// Returns an error if the connection failed.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(_) | Stream::Unix(_) | Stream::Quic(_) | Stream::Memory(_) => Poll::Ready(Ok(())),
            Stream::Tls(stream) => encrypted::poll_flush(stream, cx),
            Stream::WebSocket(stream) => stream.poll_flush(cx),
            Stream::SecureWebSocket(stream) => stream.poll_flush(cx),
        }
    }

    /// Closes the link's own side in an orderly way: flushes, then sends FIN, `close_notify`, a WebSocket Close frame,
    /// or QUIC FIN. Over QUIC, the function waits until the peer has acknowledged all bytes, so the caller should set a
    /// timeout. The first link of a QUIC connection then closes the connection and with it all other links; a further
    /// link closes only its own stream.
    ///
    /// # Errors
    /// Returns an error if the connection failed before the close was complete.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(stream) => Poll::Ready(stream.close()),
            Stream::Unix(stream) => Poll::Ready(stream.close()),
            Stream::Tls(stream) => encrypted::poll_close(stream, cx),
            Stream::WebSocket(stream) => stream.poll_close(cx),
            Stream::SecureWebSocket(stream) => stream.poll_close(cx),
            Stream::Quic(stream) => stream.poll_close(cx),
            Stream::Memory(stream) => {
                stream.close();
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Reads and discards what the peer still sends after [`Link::poll_close`], until the peer has closed its side or `left`
    /// bytes were discarded; they are subtracted from `left`. Unread bytes would turn the close into a reset, and the peer
    /// could lose the last packet sent to it. The caller should set a timeout. Ready at once for QUIC and links in memory,
    /// where unread bytes do no harm.
    pub fn poll_discard(&mut self, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
        match &self.stream {
            Stream::Tcp(stream) => stream.poll_discard(cx, left),
            Stream::Unix(stream) => stream.poll_discard(cx, left),
            Stream::Tls(stream) => poll_discard(stream.tcp(), cx, left),
            Stream::WebSocket(stream) => poll_discard(stream.tcp(), cx, left),
            Stream::SecureWebSocket(stream) => poll_discard(stream.tcp(), cx, left),
            Stream::Quic(_) | Stream::Memory(_) => Poll::Ready(()),
        }
    }

    /// Sets the reason that [`Link::poll_close`] will send to the peer. Default: [`CloseReason::Normal`]. Does nothing
    /// for transports that cannot transmit a reason.
    pub fn set_close_reason(&mut self, reason: CloseReason) {
        match &mut self.stream {
            Stream::WebSocket(stream) => stream.set_close_reason(reason),
            Stream::SecureWebSocket(stream) => stream.set_close_reason(reason),
            Stream::Quic(stream) => stream.set_close_reason(reason),
            _ => {}
        }
    }

    /// Queues a WebSocket ping, which the next [`Link::poll_flush`] sends. Does nothing for other transports. The pong
    /// is not checked: MQTT's keep alive determines whether a peer is alive.
    ///
    /// # Errors
    /// Returns an error if the link's own side is already closed.
    pub fn ping(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::WebSocket(stream) => stream.ping(),
            Stream::SecureWebSocket(stream) => stream.ping(),
            _ => Ok(()),
        }
    }

    /// Returns the interval at which the owner should call [`Link::ping`]; `None` if the transport needs no pings.
    #[must_use]
    pub fn heartbeat(&self) -> Option<Duration> {
        match &self.stream {
            Stream::WebSocket(stream) => stream.heartbeat(),
            Stream::SecureWebSocket(stream) => stream.heartbeat(),
            _ => None,
        }
    }

    /// Returns a handle with which any thread may try to write; `None` for TLS, WebSocket, QUIC and memory, where only
    /// the link's owner may write.
    #[must_use]
    pub fn direct(&self) -> Option<DirectWriter> {
        match &self.stream {
            Stream::Tcp(stream) => Some(DirectWriter::from(stream)),
            Stream::Unix(stream) => Some(DirectWriter::from(stream)),
            _ => None,
        }
    }

    /// Returns whether [`Link::reregister`] is possible. Reregistering is impossible for QUIC, whose links share the
    /// socket of their endpoint and must stay on its runtime.
    #[must_use]
    pub fn is_mobile(&self) -> bool {
        !matches!(self.stream, Stream::Quic(_))
    }

    /// Moves the link to the calling runtime: registers the socket there and removes it from the previous runtime. The
    /// state of TLS and WebSocket moves with the link. A link in memory belongs to no runtime, so nothing changes.
    /// Afterwards the caller must poll the link for reading and writing, because wakers registered with the previous
    /// runtime are lost.
    ///
    /// # Errors
    /// Returns an error if the link is QUIC (`Unsupported`), if a [`DirectWriter`] of the link still exists
    /// (`ResourceBusy`), or if the process has no file descriptor left. After an error, the link is unchanged and stays
    /// with the previous runtime.
    pub fn reregister(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.reregister(),
            Stream::Unix(stream) => stream.reregister(),
            Stream::Tls(stream) => stream.reregister(),
            Stream::WebSocket(stream) => stream.reregister(),
            Stream::SecureWebSocket(stream) => stream.reregister(),
            Stream::Quic(_) => Err(io::ErrorKind::Unsupported.into()),
            Stream::Memory(_) => Ok(()),
        }
    }

    /// Returns the facts that the transport knows about the other side.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        self.connection.peer()
    }

    /// Returns the network connection that carries the link. Links of the same connection return the same [`Arc`]. The
    /// limits count the connection as open as long as a clone of it exists.
    #[must_use]
    pub fn connection(&self) -> &Arc<NetworkConnection> {
        &self.connection
    }
}
