//! One byte stream in and one out, whatever the transport. Owns the choice of transport and nothing of MQTT.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};
use std::time::Duration;

use tidegate_limits::ConnectionPermit;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;

use crate::peer::Peer;
use crate::quic::QuicStream;
use crate::websocket::WebSocket;

mod direct;
mod encrypted;
mod futures;
mod plain;
mod raw_socket;

pub use direct::DirectWriter;

pub(crate) use plain::poll_read;
pub(crate) use raw_socket::{RawSocket, drain};

use plain::{PlainTcp, PlainUnix};

/// A connected byte stream, on the server's or the client's side.
///
/// It belongs to the runtime it was made on, or came to by [`Link::reregister`]. Reads fill the caller's buffer; nothing is kept while the link idles but
/// what TLS or QUIC themselves hold. Dropping a link without [`Link::poll_close`] cuts the connection off.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    details: Box<Details>,
}

#[derive(Debug)]
enum Stream {
    Tcp(PlainTcp),
    Unix(PlainUnix),
    Tls(Box<TlsStream<TcpStream>>),
    WebSocket(Box<WebSocket<TcpStream>>),
    SecureWebSocket(Box<WebSocket<TlsStream<TcpStream>>>),
    Quic(Box<QuicStream>),
}

#[derive(Debug)]
struct Details {
    peer: Peer,
    close_reason: CloseReason,
    /// Gives the place among the open connections back when the link goes.
    _permit: Option<ConnectionPermit>,
}

/// What an orderly close tells the peer, where the transport can say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloseReason {
    /// All is said. WebSocket 1000, QUIC 0.
    #[default]
    Normal,
    /// The server goes down. WebSocket 1001, QUIC 0.
    GoingAway,
    /// The control stream failed. WebSocket 1011, QUIC 1.
    ControlStreamDown,
    /// The server has no room. WebSocket 1013, QUIC 2.
    Overloaded,
}

impl Link {
    pub(crate) fn tcp(stream: TcpStream, peer: Peer) -> Self {
        Self::new(Stream::Tcp(PlainTcp::from(stream)), peer)
    }

    pub(crate) fn unix(stream: UnixStream, peer: Peer) -> Self {
        Self::new(Stream::Unix(PlainUnix::from(stream)), peer)
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>, peer: Peer) -> Self {
        Self::new(Stream::Tls(Box::new(stream)), peer)
    }

    pub(crate) fn websocket(stream: WebSocket<TcpStream>, peer: Peer) -> Self {
        Self::new(Stream::WebSocket(Box::new(stream)), peer)
    }

    pub(crate) fn secure_websocket(stream: WebSocket<TlsStream<TcpStream>>, peer: Peer) -> Self {
        Self::new(Stream::SecureWebSocket(Box::new(stream)), peer)
    }

    pub(crate) fn quic(stream: QuicStream, peer: Peer) -> Self {
        Self::new(Stream::Quic(Box::new(stream)), peer)
    }

    fn new(stream: Stream, peer: Peer) -> Self {
        Self { stream, details: Box::new(Details { peer, close_reason: CloseReason::Normal, _permit: None }) }
    }

    pub(crate) fn with_permit(mut self, permit: ConnectionPermit) -> Self {
        self.details._permit = Some(permit);
        self
    }

    /// Reads into `buf` and says how many bytes came; 0 is the end of the stream.
    ///
    /// # Errors
    /// The connection broke, or the peer broke the transport's rules (`InvalidData`).
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.poll_read(cx, buf),
            Stream::Unix(stream) => stream.poll_read(cx, buf),
            Stream::Tls(stream) => poll_read(&mut **stream, cx, buf),
            Stream::WebSocket(stream) => stream.poll_read(cx, buf),
            Stream::SecureWebSocket(stream) => stream.poll_read(cx, buf),
            Stream::Quic(stream) => stream.poll_read(cx, buf),
        }
    }

    /// Takes bytes from `slices`, in order, and says how many; what one call brings leaves in as few segments, records
    /// or frames as possible. Bytes once offered may not be taken back: the next call must begin with the first one
    /// that was not taken. Call [`Link::poll_flush`] when there is no more for now.
    ///
    /// # Errors
    /// The connection broke.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.poll_write(cx, slices),
            Stream::Unix(stream) => stream.poll_write(cx, slices),
            Stream::Tls(stream) => encrypted::poll_write(stream, cx, slices),
            Stream::WebSocket(stream) => stream.poll_write(cx, slices),
            Stream::SecureWebSocket(stream) => stream.poll_write(cx, slices),
            Stream::Quic(stream) => stream.poll_write(cx, slices),
        }
    }

    /// Pushes out what was taken, and answers that the transport itself owes (WebSocket pings and pongs).
    ///
    /// # Errors
    /// The connection broke.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Tcp(_) | Stream::Unix(_) | Stream::Quic(_) => Poll::Ready(Ok(())),
            Stream::Tls(stream) => encrypted::poll_flush(stream, cx),
            Stream::WebSocket(stream) => stream.poll_flush(cx),
            Stream::SecureWebSocket(stream) => stream.poll_flush(cx),
        }
    }

    /// Ends our side in order: flush, then FIN, `close_notify`, WebSocket close or QUIC finish and close. Over QUIC
    /// this waits until the peer has acknowledged all bytes, so the caller bounds it by a timeout.
    ///
    /// # Errors
    /// The connection broke before the end.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let reason = self.details.close_reason;
        match &mut self.stream {
            Stream::Tcp(stream) => Poll::Ready(stream.close()),
            Stream::Unix(stream) => Poll::Ready(stream.close()),
            Stream::Tls(stream) => encrypted::poll_close(stream, cx),
            Stream::WebSocket(stream) => stream.poll_close(cx, reason),
            Stream::SecureWebSocket(stream) => stream.poll_close(cx, reason),
            Stream::Quic(stream) => stream.poll_close(cx, reason),
        }
    }

    /// What [`Link::poll_close`] will tell the peer; `Normal` unless set.
    pub fn set_close_reason(&mut self, reason: CloseReason) {
        self.details.close_reason = reason;
    }

    /// Queues a WebSocket ping, which the next [`Link::poll_flush`] sends; nothing on other transports. It judges
    /// nobody: whether a peer is alive is for MQTT's keep alive to say.
    ///
    /// # Errors
    /// Our side is closed already.
    pub fn ping(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::WebSocket(stream) => stream.ping(),
            Stream::SecureWebSocket(stream) => stream.ping(),
            _ => Ok(()),
        }
    }

    /// How often [`Link::ping`] wants to be called; `None` where the transport needs no beat.
    #[must_use]
    pub fn heartbeat(&self) -> Option<Duration> {
        match &self.stream {
            Stream::WebSocket(stream) => stream.heartbeat(),
            Stream::SecureWebSocket(stream) => stream.heartbeat(),
            _ => None,
        }
    }

    /// A handle by which any thread may try to write; `None` where only the owner may (TLS, WebSocket, QUIC).
    #[must_use]
    pub fn direct(&self) -> Option<DirectWriter> {
        match &self.stream {
            Stream::Tcp(stream) => Some(DirectWriter::from(stream)),
            Stream::Unix(stream) => Some(DirectWriter::from(stream)),
            _ => None,
        }
    }

    /// Whether [`Link::reregister`] is possible. A QUIC connection stays where its endpoint's socket is polled.
    #[must_use]
    pub fn is_mobile(&self) -> bool {
        !matches!(self.stream, Stream::Quic(_))
    }

    /// Registers the socket with the runtime that calls this, and takes it from the one before; what TLS and WebSocket know
    /// goes along. Poll the link for reading and writing afterwards: wakers known to the runtime before are forgotten.
    ///
    /// # Errors
    /// The link is as it was, and goes on with the runtime before: it is QUIC (`Unsupported`), a [`DirectWriter`] is left
    /// (`ResourceBusy`), or the process has no descriptor left.
    pub fn reregister(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.reregister(),
            Stream::Unix(stream) => stream.reregister(),
            Stream::Tls(stream) => stream.reregister(),
            Stream::WebSocket(stream) => stream.reregister(),
            Stream::SecureWebSocket(stream) => stream.reregister(),
            Stream::Quic(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Facts about the other side.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.details.peer
    }
}
