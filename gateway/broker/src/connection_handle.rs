//! A connection as the core sees it: how to wake it, how to write to it, when it was last active.

use std::fmt;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::signals::Signals;

/// Names the core that polls a connection: an index that the caller gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreId(pub usize);

/// Writes to a connection from any core, without waiting.
pub trait DirectWrite: Send + Sync + fmt::Debug {
    /// Writes as many bytes as the connection takes at once; says how many.
    ///
    /// # Errors
    /// `WouldBlock` when it takes none now: then the core that polls it waits for room. Any other error means that the
    /// connection is broken.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// The connection that a session has at present.
pub struct ConnectionHandle {
    /// The session's epoch that this connection opened.
    pub epoch: u64,
    /// The core that polls the connection.
    pub core: CoreId,
    /// Signals to the connection.
    pub signals: Arc<Signals>,
    /// Lets any core write; `None` if only the core that polls the connection may.
    ///
    /// Invariant: only the core that set `writing` may hold a clone of it.
    pub writer: Option<Arc<dyn DirectWrite>>,
    /// A core is writing at this moment.
    pub writing: bool,
    /// The socket is full: its own core waits for room, the others leave it alone.
    pub blocked: bool,
    /// Silence longer than this ends the connection.
    pub silence_max: Option<Duration>,
    /// The interval of the transport's keep alive, and when the next is due.
    pub heartbeat: Option<(Duration, Instant)>,
}

impl ConnectionHandle {
    /// Whether only the core that polls the connection may write to it at present.
    #[must_use]
    pub fn is_written_by_its_core(&self) -> bool {
        self.writer.is_none() || self.blocked
    }
}
