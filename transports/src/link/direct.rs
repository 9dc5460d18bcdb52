//! Writes to a plain socket from any thread, without waiting. Waiting for the socket is reserved for the link's owner.

use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::net::{tcp, unix};

use super::plain::{PlainSocket, PlainTcp, PlainUnix, WriteHalf};

/// A handle that writes to a plain TCP or Unix link from any thread. The sending side of the socket stays open until
/// the link is closed, or until the link and all its direct writers are dropped.
#[derive(Clone, Debug)]
pub struct DirectWriter(Half);

#[derive(Clone, Debug)]
enum Half {
    Tcp(Arc<tcp::OwnedWriteHalf>),
    Unix(Arc<unix::OwnedWriteHalf>),
}

impl DirectWriter {
    /// Writes as many bytes as the socket accepts now. Returns the number of bytes written.
    ///
    /// # Errors
    /// Returns `WouldBlock` if the socket currently accepts no bytes; the link's owner can wait until it does with
    /// [`crate::Link::poll_write`]. Any other error means that the connection failed.
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
