//! Writing to a plain socket from any thread, without waiting. Only the link's owner waits for the socket.

use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::net::{tcp, unix};

use super::plain::{PlainSocket, PlainTcp, PlainUnix, WriteHalf};

/// Writes to a plain TCP or Unix link from any thread. The sending side of the socket stays open until the link is
/// closed, or until the link and all its writers are dropped.
#[derive(Clone, Debug)]
pub struct DirectWriter(Half);

#[derive(Clone, Debug)]
enum Half {
    Tcp(Arc<tcp::OwnedWriteHalf>),
    Unix(Arc<unix::OwnedWriteHalf>),
}

impl DirectWriter {
    /// Writes as much as the socket accepts now, and returns the number of bytes.
    ///
    /// # Errors
    /// `WouldBlock` when the socket accepts nothing; the link's owner can wait for room with
    /// [`crate::Link::poll_write`]. Any other error means that the connection broke.
    pub fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.0 {
            Half::Tcp(half) => half.try_send(slices),
            Half::Unix(half) => half.try_send(slices),
        }
    }
}

impl From<&PlainTcp> for DirectWriter {
    fn from(link: &PlainTcp) -> Self {
        Self(Half::Tcp(PlainSocket::write_half(link)))
    }
}

impl From<&PlainUnix> for DirectWriter {
    fn from(link: &PlainUnix) -> Self {
        Self(Half::Unix(PlainSocket::write_half(link)))
    }
}
