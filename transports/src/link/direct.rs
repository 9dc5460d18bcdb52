//! Writing to a plain socket from any thread. Owns no readiness: the link's owner alone waits.

use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::net::{tcp, unix};

use super::plain::{PlainSocket, PlainTcp, PlainUnix, WriteHalf};

/// Writes to a plain TCP or Unix link from any thread. The socket's sending side stays open until the link and all
/// its writers are gone, unless the link was closed.
#[derive(Clone, Debug)]
pub struct DirectWriter(Half);

#[derive(Clone, Debug)]
enum Half {
    Tcp(Arc<tcp::OwnedWriteHalf>),
    Unix(Arc<unix::OwnedWriteHalf>),
}

impl DirectWriter {
    /// Writes what the socket takes now, and says how much.
    ///
    /// # Errors
    /// `WouldBlock` when the socket takes nothing: then [`crate::Link::poll_write`] on the owner's side waits for
    /// room. Any other error means that the connection broke.
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
