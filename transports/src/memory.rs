//! Links without a socket, between two tasks of one process. They are meant for tests of code that uses links, and for
//! programs that embed a broker and talk to it without a network.
//!
//! # Examples
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let (mut client, mut server) = tidegate_transports::memory::pair(4096);
//! client.write_all(b"hello").await?;
//! client.close().await?;
//!
//! let mut buf = [0; 16];
//! assert_eq!(server.read(&mut buf).await?, 5);
//! assert_eq!(server.read(&mut buf).await?, 0);
//! # std::io::Result::Ok(())
//! # })?;
//! # std::io::Result::Ok(())
//! ```

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};

use tidegate_limits::{Peer, Transport};

use crate::connection::NetworkConnection;
use crate::link::Link;

mod pipe;

use pipe::Pipe;

/// Creates two links that are connected to each other. Each direction buffers at most `capacity` bytes, and at least
/// one. If one link is dropped without [`Link::poll_close`], the other fails: reading with `ConnectionReset` once the
/// buffered bytes are read, writing with `BrokenPipe`.
#[must_use]
pub fn pair(capacity: usize) -> (Link, Link) {
    Connection::new(capacity).open()
}

/// A connection within the process that can have several pairs of links, as a QUIC connection has several streams. The
/// links on each side belong to one [`NetworkConnection`]. Closing a link does not affect the others.
#[derive(Debug)]
pub struct Connection {
    capacity: usize,
    sides: [Arc<NetworkConnection>; 2],
}

impl Connection {
    /// Creates a connection without links. Each direction of a link will buffer at most `capacity` bytes, and at least
    /// one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let side = || NetworkConnection::uncounted(Peer::new(Transport::Memory, None));
        Self { capacity: capacity.max(1), sides: [side(), side()] }
    }

    /// Creates another pair of connected links, one for each side.
    #[must_use]
    pub fn open(&self) -> (Link, Link) {
        let [first, second] = &self.sides;
        let (there, back) = (Pipe::new(self.capacity), Pipe::new(self.capacity));
        let stream = MemoryStream { incoming: Arc::clone(&back), outgoing: Arc::clone(&there) };
        let other = MemoryStream { incoming: there, outgoing: back };
        (Link::memory(stream, Arc::clone(first)), Link::memory(other, Arc::clone(second)))
    }
}

/// One side of a link in memory.
#[derive(Debug)]
pub(crate) struct MemoryStream {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
}

impl MemoryStream {
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.incoming.poll_read(cx, buf)
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.outgoing.poll_write(cx, slices)
    }

    /// Ends the outgoing direction. The incoming direction stays open.
    pub(crate) fn close(&self) {
        self.outgoing.finish();
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.outgoing.abandon();
        self.incoming.abandon();
    }
}

#[cfg(test)]
mod tests;
