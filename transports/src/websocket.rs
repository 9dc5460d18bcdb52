//! A byte stream in the binary frames of a WebSocket (RFC 6455). This file has the WebSocket itself and its control
//! frames; `handshake` has the rules of the HTTP upgrade. A server's payload is not copied: received payload is
//! unmasked in the caller's read buffer, and sent payload is written from the caller's slices.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::link::{CloseReason, RawSocket, drain};

mod config;
mod decoder;
mod dial;
mod encoder;
mod fault;
mod handshake;
mod mask;
mod upgrade;

pub use config::WebSocketConfig;
pub use dial::UpgradeError;
pub(crate) use dial::dial;
pub use fault::WebSocketFault;
pub use handshake::UpgradeRefusal;
pub(crate) use upgrade::upgrade;

use decoder::{Decoder, End};
use encoder::Encoder;

/// The local side of the connection. Clients mask the frames that they send; servers must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// A WebSocket after the upgrade.
#[derive(Debug)]
pub(crate) struct WebSocket<S> {
    io: S,
    decoder: Decoder,
    encoder: Encoder,
    /// Bytes that were received together with the HTTP upgrade and are not decoded yet.
    read_ahead: Bytes,
    heartbeat: Option<Duration>,
    close_reason: CloseReason,
}

impl<S: AsyncRead + AsyncWrite + RawSocket + Unpin> WebSocket<S> {
    pub(crate) fn new(io: S, role: Role, read_ahead: &[u8], config: &WebSocketConfig) -> Self {
        let heartbeat = if role == Role::Server { config.ping_interval } else { None };
        Self {
            io,
            decoder: Decoder::new(role, config.frame_size_max),
            encoder: Encoder::new(role),
            // The bytes are copied, because even an empty slice of the HTTP buffer would keep the whole buffer
            // allocated.
            read_ahead: Bytes::copy_from_slice(read_ahead),
            heartbeat,
            close_reason: CloseReason::Normal,
        }
    }

    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        for _ in 0..READS_MAX {
            if let Some(end) = self.decoder.end() {
                return self.finish_reading(cx, end);
            }
            let read = ready!(self.poll_fill(cx, buf))?;
            if read == 0 {
                return Poll::Ready(self.decoder.at_end_of_stream());
            }
            let payload = self.decoder.decode(buf.get_mut(..read).unwrap_or_default());
            if let Some(ping) = self.decoder.take_ping() {
                self.encoder.queue_pong(&ping);
                if let Poll::Ready(Err(error)) = self.encoder.poll_control_frames(&mut self.io, cx) {
                    return Poll::Ready(Err(error));
                }
            }
            if payload > 0 {
                return Poll::Ready(Ok(payload));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.encoder.poll_write(&mut self.io, cx, slices)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.encoder.poll_control_frames(&mut self.io, cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Sends a Close frame unless one was already sent, then shuts down the underlying stream.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.encoder.queue_close(close_code(self.close_reason));
        ready!(self.encoder.poll_control_frames(&mut self.io, cx))?;
        ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
        drain(&self.io.socket());
        Poll::Ready(Ok(()))
    }

    pub(crate) fn tcp(&self) -> &tokio::net::TcpStream {
        self.io.tcp()
    }

    pub(crate) fn set_close_reason(&mut self, reason: CloseReason) {
        self.close_reason = reason;
    }

    pub(crate) fn reregister(&mut self) -> io::Result<()> {
        self.io.reregister()
    }

    pub(crate) fn ping(&mut self) -> io::Result<()> {
        self.encoder.queue_ping()
    }

    pub(crate) fn heartbeat(&self) -> Option<Duration> {
        self.heartbeat
    }

    /// Answers a Close frame with the same code, or a protocol violation with the code of the fault.
    fn finish_reading(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<usize>> {
        let (code, result) = match end {
            End::Closed { code } => (code, Ok(0)),
            End::Broken(fault) => {
                (fault.close_code(), Err(io::Error::new(io::ErrorKind::InvalidData, fault)))
            }
        };
        self.encoder.queue_close(code);
        match self.encoder.poll_control_frames(&mut self.io, cx) {
            Poll::Ready(Err(error)) if result.is_ok() => Poll::Ready(Err(error)),
            _ => Poll::Ready(result),
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.read_ahead.has_remaining() {
            let length = self.read_ahead.remaining().min(buf.len());
            self.read_ahead.copy_to_slice(buf.get_mut(..length).unwrap_or_default());
            if !self.read_ahead.has_remaining() {
                self.read_ahead = Bytes::new();
            }
            return Poll::Ready(Ok(length));
        }
        crate::link::poll_read(&mut self.io, cx, buf)
    }
}

fn close_code(reason: CloseReason) -> u16 {
    match reason {
        CloseReason::Normal => 1000,
        CloseReason::GoingAway => 1001,
        CloseReason::ControlStreamDown => 1011,
        CloseReason::Overloaded => 1013,
    }
}

/// Maximum number of consecutive reads without payload, such as pings and empty frames, before the task yields.
const READS_MAX: usize = 16;
