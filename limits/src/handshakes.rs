//! How many handshakes may run at once, in total and from one source. Owns the counts; what a handshake is, and how
//! long it may take, is the transport's business.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use thiserror::Error;

use crate::Source;

/// Caps on handshakes that run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakesConfig {
    /// Handshakes of all listeners together. Default 4,096; each costs some 20 KiB while it runs.
    pub total_max: usize,
    /// Handshakes from one [`Source`]. Default 512: many devices may share one address behind a NAT.
    pub source_max: usize,
    /// From this many running handshakes on, QUIC peers must prove their address first (stateless Retry, one more
    /// round trip, no memory held). Default 512.
    pub retry_from: usize,
}

impl Default for HandshakesConfig {
    fn default() -> Self {
        Self { total_max: 4096, source_max: 512, retry_from: 512 }
    }
}

/// Counts running handshakes and refuses those beyond the caps.
#[derive(Debug)]
pub struct Handshakes {
    config: HandshakesConfig,
    running: AtomicUsize,
    sources: Mutex<HashMap<Source, usize>>,
    refused_total: AtomicU64,
    refused_source: AtomicU64,
}

impl Handshakes {
    /// No handshake runs yet.
    #[must_use]
    pub fn new(config: HandshakesConfig) -> Arc<Self> {
        Arc::new(Self {
            config,
            running: AtomicUsize::new(0),
            sources: Mutex::new(HashMap::new()),
            refused_total: AtomicU64::new(0),
            refused_source: AtomicU64::new(0),
        })
    }

    /// Takes a place for one handshake, to be given back by dropping the permit.
    ///
    /// # Errors
    /// Which cap is reached; the refusal is counted.
    pub fn admit(self: &Arc<Self>, source: Source) -> Result<HandshakePermit, HandshakeRefusal> {
        let mut sources = self.sources.lock();
        let running = self.running.load(Ordering::Relaxed);
        if running >= self.config.total_max {
            self.refused_total.fetch_add(1, Ordering::Relaxed);
            return Err(HandshakeRefusal::Total { running });
        }
        if source != Source::Local {
            let running_from_source = sources.entry(source).or_insert(0);
            if *running_from_source >= self.config.source_max {
                let running = *running_from_source;
                if running == 0 {
                    sources.remove(&source);
                }
                self.refused_source.fetch_add(1, Ordering::Relaxed);
                return Err(HandshakeRefusal::Source { of: source, running });
            }
            *running_from_source += 1;
        }
        self.running.store(running + 1, Ordering::Relaxed);
        Ok(HandshakePermit { handshakes: Arc::clone(self), source })
    }

    /// Handshakes that run now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Sources that have a handshake running; never more than [`Handshakes::running`].
    #[must_use]
    pub fn sources(&self) -> usize {
        self.sources.lock().len()
    }

    /// True when so much runs that a peer's address should be proven before memory is spent on it.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.running() >= self.config.retry_from
    }

    /// Handshakes refused since the start because `total_max` ran already.
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused_total.load(Ordering::Relaxed)
    }

    /// Handshakes refused since the start because their source had `source_max` running already.
    #[must_use]
    pub fn refused_source(&self) -> u64 {
        self.refused_source.load(Ordering::Relaxed)
    }

    fn release(&self, source: Source) {
        let mut sources = self.sources.lock();
        let running = self.running.load(Ordering::Relaxed);
        self.running.store(running.saturating_sub(1), Ordering::Relaxed);
        if let Some(running_from_source) = sources.get_mut(&source) {
            *running_from_source = running_from_source.saturating_sub(1);
            if *running_from_source == 0 {
                sources.remove(&source);
            }
        }
    }
}

/// The right to run one handshake.
#[must_use = "the place is given back at once when the permit is dropped"]
#[derive(Debug)]
pub struct HandshakePermit {
    handshakes: Arc<Handshakes>,
    source: Source,
}

impl Drop for HandshakePermit {
    fn drop(&mut self) {
        self.handshakes.release(self.source);
    }
}

/// Why a handshake may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeRefusal {
    /// `total_max` is reached.
    #[error("{running} handshakes run already")]
    Total {
        /// Handshakes that ran at the time.
        running: usize,
    },
    /// `source_max` is reached.
    #[error("{running} handshakes from {of} run already")]
    Source {
        /// Whose cap it is.
        of: Source,
        /// Handshakes of this source that ran at the time.
        running: usize,
    },
}
