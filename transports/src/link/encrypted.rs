//! TLS over TCP with rustls. The data of one write is sent as consecutive TLS records in one system call.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use super::{RawSocket, drain};

pub(super) fn poll_write(
    stream: &mut TlsStream<TcpStream>,
    cx: &mut Context<'_>,
    slices: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    Pin::new(stream).poll_write_vectored(cx, slices)
}

pub(super) fn poll_flush(stream: &mut TlsStream<TcpStream>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    Pin::new(stream).poll_flush(cx)
}

/// Sends `close_notify`, then FIN.
pub(super) fn poll_close(stream: &mut TlsStream<TcpStream>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
    drain(&stream.socket());
    Poll::Ready(Ok(()))
}
