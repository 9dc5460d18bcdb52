//! One bidirectional QUIC stream as a link. The connection is closed together with its first stream.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream};
use tokio::sync::OwnedSemaphorePermit;

use super::{CODE_CONTROL_STREAM_DOWN, CODE_NORMAL, close_code};
use crate::link::CloseReason;

/// A stream that the client has opened, on the server's or the client's side.
pub(crate) struct QuicStream {
    connection: Connection,
    send: SendStream,
    receive: RecvStream,
    role: Role,
    /// A future that completes when the peer has received all bytes or has stopped the stream. Set when the link's own
    /// side is closed.
    delivered: Option<BackgroundFuture>,
    close_reason: CloseReason,
    /// Whether the peer has reset its side of the stream.
    is_reset: bool,
}

enum Role {
    /// The first stream of the connection. The connection ends with this stream.
    Control {
        /// A future that refuses additional streams, if the connection allows none. It completes when the connection
        /// ends.
        stream_refuser: Option<BackgroundFuture>,
    },
    /// A further stream. The connection outlives this stream.
    Data {
        /// Counts the link until it is dropped.
        _permit: OwnedSemaphorePermit,
    },
}

type BackgroundFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl QuicStream {
    /// Creates the first stream of a connection whose further streams are accepted elsewhere.
    pub(crate) fn control(connection: Connection, send: SendStream, receive: RecvStream) -> Self {
        Self::new(connection, send, receive, Role::Control { stream_refuser: None })
    }

    /// Creates the only stream of a connection. Additional streams are refused.
    pub(crate) fn only(connection: Connection, send: SendStream, receive: RecvStream) -> Self {
        let stream_refuser: BackgroundFuture = Box::pin(refuse_streams(connection.clone()));
        Self::new(connection, send, receive, Role::Control { stream_refuser: Some(stream_refuser) })
    }

    /// Creates a further stream of a connection.
    pub(crate) fn data(
        connection: Connection,
        send: SendStream,
        receive: RecvStream,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self::new(connection, send, receive, Role::Data { _permit: permit })
    }

    fn new(connection: Connection, send: SendStream, receive: RecvStream, role: Role) -> Self {
        let close_reason = CloseReason::Normal;
        Self { connection, send, receive, role, delivered: None, close_reason, is_reset: false }
    }

    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.receive.poll_read(cx, buf) {
            Poll::Pending => {
                self.poll_stream_refuser(cx);
                Poll::Pending
            }
            Poll::Ready(Ok(read)) => Poll::Ready(Ok(read)),
            Poll::Ready(Err(error)) => {
                self.is_reset |= matches!(error, ReadError::Reset(_));
                Poll::Ready(read_outcome(error))
            }
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut total = 0;
        for slice in slices.iter().flat_map(|slice| slice.chunks(COPIED_MAX)) {
            match Pin::new(&mut self.send).poll_write(cx, slice) {
                Poll::Ready(Ok(written)) => {
                    total += written;
                    if written < slice.len() {
                        break;
                    }
                }
                _ if total > 0 => break,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(total))
    }

    pub(crate) fn set_close_reason(&mut self, reason: CloseReason) {
        self.close_reason = reason;
    }

    /// Finishes the stream and waits until the peer has received all bytes. Then, if this is the control stream, closes
    /// the connection.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.delivered.is_none() {
            // `finish` fails only if the stream is already finished or reset, which is the desired state.
            let _ = self.send.finish();
            let stopped = self.send.stopped();
            self.delivered = Some(Box::pin(async move { drop(stopped.await) }));
        }
        if let Some(delivered) = &mut self.delivered {
            ready!(delivered.as_mut().poll(cx));
            self.delivered = Some(Box::pin(std::future::ready(())));
        }
        if self.is_control() {
            let code = if self.is_reset { CODE_CONTROL_STREAM_DOWN } else { close_code(self.close_reason) };
            self.connection.close(code, b"");
        }
        Poll::Ready(Ok(()))
    }

    fn poll_stream_refuser(&mut self, cx: &mut Context<'_>) {
        if let Role::Control { stream_refuser } = &mut self.role
            && let Some(refuses) = stream_refuser
            && refuses.as_mut().poll(cx).is_ready()
        {
            *stream_refuser = None;
        }
    }

    fn is_control(&self) -> bool {
        matches!(self.role, Role::Control { .. })
    }
}

impl Drop for QuicStream {
    /// If the link was not closed in an orderly way, closes its connection, or resets the stream if it is a further
    /// one.
    fn drop(&mut self) {
        if self.is_control() {
            if self.connection.close_reason().is_none() {
                self.connection.close(CODE_NORMAL, b"");
            }
        } else if self.delivered.is_none() {
            // `reset` fails only if the stream is already finished or reset.
            let _ = self.send.reset(CODE_CONTROL_STREAM_DOWN);
        }
    }
}

impl fmt::Debug for QuicStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuicStream").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// Converts a read error. A peer that closes its connection with code 0 has ended the stream in an orderly way: this is
/// the end of the stream, not an error.
fn read_outcome(error: ReadError) -> io::Result<usize> {
    match error {
        ReadError::ConnectionLost(ConnectionError::ApplicationClosed(close))
            if close.error_code == CODE_NORMAL =>
        {
            Ok(0)
        }
        error => Err(error.into()),
    }
}

/// Resets every stream after the first immediately, so that the client does not wait. Only the control stream carries
/// MQTT.
async fn refuse_streams(connection: Connection) {
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        let _ = send.reset(CODE_CONTROL_STREAM_DOWN);
        let _ = receive.stop(CODE_CONTROL_STREAM_DOWN);
    }
}

/// Number of bytes that are passed to quinn at a time. quinn copies them in one allocation and cannot report that
/// memory is short, so the allocation must be small.
const COPIED_MAX: usize = 64 * 1024 - 1;
