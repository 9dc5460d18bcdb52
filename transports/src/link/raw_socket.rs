//! The socket below a link, for what only it can do: ending without a reset, and going to another runtime.

use std::io::{self, Read};
use std::os::fd::AsFd;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A stream that runs over one TCP socket.
pub(crate) trait RawSocket {
    /// The socket.
    fn socket(&self) -> SockRef<'_>;
    /// Registers the socket with the runtime that calls this, instead of the one before. Fails without a change.
    fn reregister(&mut self) -> io::Result<()>;
}

impl RawSocket for TcpStream {
    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self)
    }

    fn reregister(&mut self) -> io::Result<()> {
        *self = duplicate(self)?;
        Ok(())
    }
}

impl RawSocket for TlsStream<TcpStream> {
    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.get_ref().0)
    }

    fn reregister(&mut self) -> io::Result<()> {
        self.get_mut().0.reregister()
    }
}

/// The same socket by another descriptor, registered with the runtime that calls this: what lies in the socket already is
/// reported there anew. The caller drops the former, which takes it out of the runtime before.
pub(super) fn duplicate(stream: &TcpStream) -> io::Result<TcpStream> {
    let descriptor = stream.as_fd().try_clone_to_owned()?;
    TcpStream::from_std(std::net::TcpStream::from(descriptor))
}

/// Takes what has come in already, after our side was closed: bytes left unread would turn the close into a reset,
/// which can cost the peer our last packet. Asks the kernel, not the runtime, which may not have heard of them yet.
pub(crate) fn drain(socket: &SockRef<'_>) {
    let mut unread = [0; 4096];
    for _ in 0..DRAIN_READS_MAX {
        let mut reader = &**socket;
        if !matches!(reader.read(&mut unread), Ok(1..)) {
            break;
        }
    }
}

/// Reads of 4 KiB that a close makes at most to empty the socket's receive queue.
const DRAIN_READS_MAX: usize = 16;
