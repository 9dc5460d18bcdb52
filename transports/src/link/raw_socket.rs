//! Access to the TCP socket underneath a link, for operations that need it: closing without a reset, and moving to
//! another runtime.

use std::io::{self, Read};
use std::os::fd::AsFd;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A stream that runs over one TCP socket.
pub(crate) trait RawSocket {
    /// Returns the TCP socket.
    fn socket(&self) -> SockRef<'_>;
    /// Moves the socket's registration to the calling runtime. After an error, the socket is unchanged.
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

/// Maximum number of reads, of 4 KiB each, with which a close empties the receive queue of the socket. A peer that
/// keeps sending gets a reset.
const DRAIN_READS_MAX: usize = 16;
