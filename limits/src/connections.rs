//! Limits on open connections, for the whole process and for each listener. The module holds only counters; the
//! connections are held elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use thiserror::Error;

use crate::Config;

/// Counts the open connections of the whole process.
///
/// # Examples
///
/// ```
/// use tidegate_limits::{Config, ConnectionRefusal, Connections};
///
/// let config = Config { connections_max: 100, ..Config::default() };
/// let connections = Connections::new(&config);
/// let listener = connections.for_listener(1);
///
/// let permit = listener.admit()?;
/// assert_eq!(connections.open(), 1);
/// assert!(matches!(listener.admit(), Err(ConnectionRefusal::Listener { open: 1 })));
///
/// drop(permit);
/// assert_eq!(connections.open(), 0);
/// # Ok::<(), ConnectionRefusal>(())
/// ```
#[derive(Debug)]
pub struct Connections(CappedCounter);

impl Connections {
    /// Creates the counter. Initially, no connection is open.
    #[must_use]
    pub fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self(CappedCounter::new(config.connections_max)))
    }

    /// Creates the counter of one listener, which may have at most `listener_max` open connections.
    #[must_use]
    pub fn for_listener(self: &Arc<Self>, listener_max: usize) -> Arc<ListenerConnections> {
        Arc::new(ListenerConnections {
            all: Arc::clone(self),
            listener_counter: CappedCounter::new(listener_max),
        })
    }

    /// Returns the number of currently open connections.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Returns the number of connections refused since the start because `connections_max` was reached.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// Counts the open connections of one listener. Each connection also counts towards the limit of the process.
#[derive(Debug)]
pub struct ListenerConnections {
    all: Arc<Connections>,
    listener_counter: CappedCounter,
}

impl ListenerConnections {
    /// Admits one connection. The connection is counted until the permit is dropped.
    ///
    /// # Errors
    /// Returns the limit that is reached. The refusal is counted.
    pub fn admit(self: &Arc<Self>) -> Result<ConnectionPermit, ConnectionRefusal> {
        if !self.listener_counter.try_acquire() {
            return Err(ConnectionRefusal::Listener { open: self.listener_counter.max });
        }
        if !self.all.0.try_acquire() {
            self.listener_counter.release();
            return Err(ConnectionRefusal::Total { open: self.all.0.max });
        }
        Ok(ConnectionPermit { listener: Arc::clone(self) })
    }

    /// Returns the counter of the whole process.
    #[must_use]
    pub fn all(&self) -> &Connections {
        &self.all
    }

    /// Returns the number of currently open connections of this listener.
    #[must_use]
    pub fn open(&self) -> usize {
        self.listener_counter.open.load(Ordering::Relaxed)
    }

    /// Returns the number of connections refused since the start because `listener_max` was reached.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.listener_counter.refused.load(Ordering::Relaxed)
    }
}

/// Permission to hold one connection open.
#[must_use = "dropping the permit ends the count of the connection"]
#[derive(Debug)]
pub struct ConnectionPermit {
    listener: Arc<ListenerConnections>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.listener.listener_counter.release();
        self.listener.all.0.release();
    }
}

/// The limit because of which a connection was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectionRefusal {
    /// The limit on connections of the whole process is reached.
    #[error("the limit of {open} open connections is reached")]
    Total {
        /// The limit, which is also the number of open connections.
        open: usize,
    },
    /// The limit of the listener is reached.
    #[error("the limit of {open} open connections at this listener is reached")]
    Listener {
        /// The limit, which is also the number of open connections.
        open: usize,
    },
}

/// A counter with a limit. The count never exceeds `max`, not even briefly.
#[derive(Debug)]
struct CappedCounter {
    max: usize,
    open: AtomicUsize,
    refused: AtomicU64,
}

impl CappedCounter {
    fn new(max: usize) -> Self {
        Self { max, open: AtomicUsize::new(0), refused: AtomicU64::new(0) }
    }

    fn try_acquire(&self) -> bool {
        let one_more = |open| (open < self.max).then_some(open + 1);
        let is_acquired = self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        if !is_acquired {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        is_acquired
    }

    fn release(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
