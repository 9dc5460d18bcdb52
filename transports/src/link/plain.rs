//! Plain (unencrypted) TCP and Unix sockets. The write half is shared, so that other threads may try to write.

use std::io::{self, IoSlice};
use std::mem;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

use super::{drain, raw_socket};

/// A socket split into a read half and a shared write half.
#[derive(Debug)]
pub(crate) struct PlainSocket<R, W> {
    read: R,
    write: Arc<W>,
}

pub(crate) type PlainTcp = PlainSocket<tcp::OwnedReadHalf, tcp::OwnedWriteHalf>;
pub(crate) type PlainUnix = PlainSocket<unix::OwnedReadHalf, unix::OwnedWriteHalf>;

impl<R: AsyncRead + Unpin, W: WriteHalf<Read = R>> PlainSocket<R, W> {
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        poll_read(&mut self.read, cx, buf)
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.write.try_send(slices) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.write.poll_writable(cx))?;
                }
                written => return Poll::Ready(written),
            }
        }
    }

    /// Sends FIN, then discards data that was already received; for the reason see [`drain`].
    pub(crate) fn close(&self) -> io::Result<()> {
        let socket = self.write.socket();
        match socket.shutdown(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(()),
            finished => finished?,
        }
        drain(&socket);
        Ok(())
    }

    /// Discards what the peer still sends, see [`raw_socket::poll_discard`].
    pub(crate) fn poll_discard(&self, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
        raw_socket::poll_discard(self.write.stream(), cx, left)
    }

    /// Moves the socket to the calling runtime. Fails while a clone of the write half exists elsewhere, because that
    /// clone would stay with the previous runtime. After an error, the socket is unchanged.
    pub(crate) fn reregister(&mut self) -> io::Result<()> {
        if Arc::get_mut(&mut self.write).is_none() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let (read, write) = self.write.duplicate()?;
        let previous = mem::replace(self, Self { read, write: Arc::new(write) });
        if let Some(half) = Arc::into_inner(previous.write) {
            half.forget();
        }
        Ok(())
    }

    pub(crate) fn write_half(&self) -> Arc<W> {
        Arc::clone(&self.write)
    }
}

/// The operations of a socket's write half that need only a shared reference.
pub(crate) trait WriteHalf: Sized {
    /// The matching read half.
    type Read;
    /// The stream of which both are halves.
    type Stream: raw_socket::Readable + AsFd;
    /// Duplicates the socket's descriptor and registers the duplicate with the calling runtime.
    fn duplicate(&self) -> io::Result<(Self::Read, Self)>;
    /// Drops the write half without closing the sending side of the socket.
    fn forget(self);
    /// Writes as many bytes as the socket accepts now; returns `WouldBlock` if it accepts none.
    fn try_send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Waits until the socket is writable. Only the link's owner may call `poll_writable`, because only one waker is
    /// stored.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Returns the stream of which this is a half.
    fn stream(&self) -> &Self::Stream;
    /// Returns the underlying socket.
    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.stream())
    }
}

impl From<TcpStream> for PlainTcp {
    fn from(stream: TcpStream) -> Self {
        let (read, write) = stream.into_split();
        Self { read, write: Arc::new(write) }
    }
}

impl From<UnixStream> for PlainUnix {
    fn from(stream: UnixStream) -> Self {
        let (read, write) = stream.into_split();
        Self { read, write: Arc::new(write) }
    }
}

impl WriteHalf for tcp::OwnedWriteHalf {
    type Read = tcp::OwnedReadHalf;
    type Stream = TcpStream;

    fn duplicate(&self) -> io::Result<(Self::Read, Self)> {
        Ok(raw_socket::duplicate(self.as_ref())?.into_split())
    }

    fn forget(self) {
        Self::forget(self);
    }

    fn try_send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            // A plain `send` is cheaper than a vectored write of one slice.
            [slice] => self.try_write(slice),
            _ => self.try_write_vectored(slices),
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_ref().poll_write_ready(cx)
    }

    fn stream(&self) -> &Self::Stream {
        self.as_ref()
    }
}

impl WriteHalf for unix::OwnedWriteHalf {
    type Read = unix::OwnedReadHalf;
    type Stream = UnixStream;

    fn duplicate(&self) -> io::Result<(Self::Read, Self)> {
        let descriptor = self.as_ref().as_fd().try_clone_to_owned()?;
        Ok(UnixStream::from_std(net::UnixStream::from(descriptor))?.into_split())
    }

    fn forget(self) {
        Self::forget(self);
    }

    fn try_send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            // A plain `send` is cheaper than a vectored write of one slice.
            [slice] => self.try_write(slice),
            _ => self.try_write_vectored(slices),
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_ref().poll_write_ready(cx)
    }

    fn stream(&self) -> &Self::Stream {
        self.as_ref()
    }
}

/// Reads into a byte slice. Returns the number of bytes read.
pub(crate) fn poll_read<R: AsyncRead + Unpin>(
    read: &mut R,
    cx: &mut Context<'_>,
    buf: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buf = ReadBuf::new(buf);
    ready!(Pin::new(read).poll_read(cx, &mut buf))?;
    Poll::Ready(Ok(buf.filled().len()))
}
