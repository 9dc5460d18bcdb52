//! Access to the TCP socket underneath a link, for operations that need it: closing without a reset, and moving to
//! another runtime.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;

/// A stream that runs over one TCP socket.
pub(crate) trait RawSocket {
    /// Returns the TCP stream.
    fn tcp(&self) -> &TcpStream;
    /// Returns the TCP socket.
    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.tcp())
    }
    /// Moves the socket's registration to the calling runtime. After an error, the socket is unchanged.
    fn reregister(&mut self) -> io::Result<()>;
}

impl RawSocket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }

    fn reregister(&mut self) -> io::Result<()> {
        *self = duplicate(self)?;
        Ok(())
    }
}

impl RawSocket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }

    fn reregister(&mut self) -> io::Result<()> {
        self.get_mut().0.reregister()
    }
}

/// Duplicates the socket's descriptor and registers the duplicate with the calling runtime. The calling runtime reports
/// data that is already in the socket as new. The caller must drop the original, which removes it from its previous
/// runtime.
pub(super) fn duplicate(stream: &TcpStream) -> io::Result<TcpStream> {
    let descriptor = stream.as_fd().try_clone_to_owned()?;
    TcpStream::from_std(std::net::TcpStream::from(descriptor))
}

/// Reads and discards the data that was already received, after the link's own side was closed. Unread bytes would turn
/// the close into a reset, and the peer could lose the last packet sent to it. The function reads from the socket
/// directly, because the runtime may not know yet that the socket is readable.
pub(crate) fn drain(socket: &SockRef<'_>) {
    let mut unread = [0; 4096];
    for _ in 0..DRAIN_READS_MAX {
        let mut reader = &**socket;
        if !matches!(reader.read(&mut unread), Ok(1..)) {
            break;
        }
    }
}

/// Reads and discards what a peer still sends, until the peer has closed its side, the connection has failed, or `left`
/// bytes were discarded.
pub(crate) fn poll_discard(socket: &impl Readable, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
    let mut unread = [0; 16 * 1024];
    for _ in 0..DISCARD_READS_MAX {
        match socket.try_read(&mut unread) {
            Ok(len @ 1..) if len < *left => *left -= len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if ready!(socket.poll_read_ready(cx)).is_err() {
                    return Poll::Ready(());
                }
            }
            _ => return Poll::Ready(()),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// A socket that can be read through a shared reference.
pub(crate) trait Readable {
    /// Waits until the socket is readable.
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Reads what has arrived; returns `WouldBlock` if there is nothing.
    fn try_read(&self, buf: &mut [u8]) -> io::Result<usize>;
}

impl Readable for TcpStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_read_ready(self, cx)
    }

    fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        Self::try_read(self, buf)
    }
}

impl Readable for UnixStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_read_ready(self, cx)
    }

    fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        Self::try_read(self, buf)
    }
}

/// Maximum number of reads with which one poll discards what a peer sends, so that other connections are served too.
const DISCARD_READS_MAX: usize = 16;
/// Maximum number of reads, of 4 KiB each, with which a close empties the receive queue of the socket. A peer that
/// keeps sending gets a reset.
const DRAIN_READS_MAX: usize = 16;
