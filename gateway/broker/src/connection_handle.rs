//! A session's connection as other cores see it: how to wake it and how to write to it.

use std::fmt;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::signals::Signals;

/// The number of a core. The caller assigns these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreId(pub usize);

/// Writes to a connection from any core, without waiting.
pub trait DirectWrite: Send + Sync + fmt::Debug {
    /// Writes as many bytes as the connection accepts without waiting, and returns their number.
    ///
    /// # Errors
    /// `WouldBlock` when the connection accepts no bytes now: then the core that polls the connection waits for room.
    /// Any other error means that the connection is broken.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// The current connection of a session.
pub struct ConnectionHandle {
    /// The epoch of the session that began with this connection.
    pub epoch: u64,
    /// The core that polls the connection.
    pub core: CoreId,
    /// Signals to the connection.
    pub signals: Arc<Signals>,
    /// Lets any core write to the connection; `None` if only the core that polls the connection may write.
    ///
    /// Invariant: only the core that set `writing` may hold a clone of the writer.
    pub writer: Option<Arc<dyn DirectWrite>>,
    /// Whether a core is writing to the connection at this moment.
    pub writing: bool,
    /// Whether the socket is full. If the socket is full, the core that polls the connection waits for room, and other
    /// cores do not write.
    pub blocked: bool,
    /// Time without a packet from the client after which the connection is ended; `None` if keep alive is off.
    pub silence_max: Option<Duration>,
    /// The interval of the transport's keep-alive pings, and when the next ping is due; `None` if the transport has
    /// none.
    pub heartbeat: Option<(Duration, Instant)>,
}

impl ConnectionHandle {
    /// Whether only the core that polls the connection may write to it at present.
    #[must_use]
    pub fn is_written_by_its_core(&self) -> bool {
        self.writer.is_none() || self.blocked
    }
}
