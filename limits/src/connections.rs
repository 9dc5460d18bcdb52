//! How many connections may be open, in total and at one listener. Owns the counts, not the connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use thiserror::Error;

/// Cap on open connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionsConfig {
    /// Connections of all listeners together, counted from the accept on. Default 1,000,000.
    pub total_max: usize,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        Self { total_max: 1_000_000 }
    }
}

/// Counts the connections of the whole process.
#[derive(Debug)]
pub struct Connections(CappedCounter);

impl Connections {
    /// No connection is open yet.
    #[must_use]
    pub fn new(config: ConnectionsConfig) -> Arc<Self> {
        Arc::new(Self(CappedCounter::new(config.total_max)))
    }

    /// The share of one listener, which may have `listener_max` connections open.
    #[must_use]
    pub fn listener(self: &Arc<Self>, listener_max: usize) -> Arc<ListenerConnections> {
        Arc::new(ListenerConnections { all: Arc::clone(self), own: CappedCounter::new(listener_max) })
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Connections refused since the start because `total_max` was reached.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// Counts the connections of one listener, and asks the process's cap too.
#[derive(Debug)]
pub struct ListenerConnections {
    all: Arc<Connections>,
    own: CappedCounter,
}

impl ListenerConnections {
    /// Takes a place for one connection, to be given back by dropping the permit.
    ///
    /// # Errors
    /// Which cap is reached; the refusal is counted.
    pub fn admit(self: &Arc<Self>) -> Result<ConnectionPermit, ConnectionRefusal> {
        if !self.own.try_acquire() {
            return Err(ConnectionRefusal::Listener { open: self.own.max });
        }
        if !self.all.0.try_acquire() {
            self.own.release();
            return Err(ConnectionRefusal::Total { open: self.all.0.max });
        }
        Ok(ConnectionPermit { listener: Arc::clone(self) })
    }

    /// The counts of the whole process.
    #[must_use]
    pub fn all(&self) -> &Connections {
        &self.all
    }

    /// Connections of this listener that are open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.own.open.load(Ordering::Relaxed)
    }

    /// Connections refused since the start because `listener_max` was reached.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.own.refused.load(Ordering::Relaxed)
    }
}

/// The right to hold one connection open.
#[must_use = "the place is given back at once when the permit is dropped"]
#[derive(Debug)]
pub struct ConnectionPermit {
    listener: Arc<ListenerConnections>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.listener.own.release();
        self.listener.all.0.release();
    }
}

/// Why a connection may not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectionRefusal {
    /// The process's cap is reached.
    #[error("{open} connections are open already")]
    Total {
        /// The cap.
        open: usize,
    },
    /// The listener's cap is reached.
    #[error("{open} connections are open already at this listener")]
    Listener {
        /// The cap.
        open: usize,
    },
}

/// A number of places; never more than `max` are taken, not even for a moment.
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
