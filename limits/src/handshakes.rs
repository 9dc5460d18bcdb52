//! Limits on simultaneous handshakes, in total and per source. The module holds only counters: the transports decide
//! what a handshake is and how long it may take.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use thiserror::Error;

use crate::{Config, Source};

/// Counts the running handshakes and refuses new ones above the limits.
///
/// # Examples
///
/// ```
/// use std::net::IpAddr;
///
/// use tidegate_limits::{Config, HandshakeRefusal, Handshakes, Source};
///
/// let config = Config { handshakes_per_source_max: 1, ..Config::default() };
/// let handshakes = Handshakes::new(&config);
/// let source = Source::from(IpAddr::from([192, 0, 2, 1]));
///
/// let permit = handshakes.admit(source)?;
/// assert!(matches!(handshakes.admit(source), Err(HandshakeRefusal::Source { running: 1, .. })));
///
/// // The handshake is over.
/// drop(permit);
/// assert!(handshakes.admit(source).is_ok());
/// # Ok::<(), HandshakeRefusal>(())
/// ```
#[derive(Debug)]
pub struct Handshakes {
    config: Config,
    running: AtomicUsize,
    running_by_source: Mutex<HashMap<Source, usize>>,
    refused_total: AtomicU64,
    refused_source: AtomicU64,
}

impl Handshakes {
    /// Creates the counters. Initially, no handshake is running.
    #[must_use]
    pub fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            config: config.clone(),
            running: AtomicUsize::new(0),
            running_by_source: Mutex::new(HashMap::new()),
            refused_total: AtomicU64::new(0),
            refused_source: AtomicU64::new(0),
        })
    }

    /// Admits one handshake. The handshake is counted until the permit is dropped.
    ///
    /// # Errors
    /// Returns the limit that is reached. The refusal is counted.
    pub fn admit(self: &Arc<Self>, source: Source) -> Result<HandshakePermit, HandshakeRefusal> {
        let mut sources = self.running_by_source.lock();
        let running = self.running.load(Ordering::Relaxed);
        if running >= self.config.handshakes_max {
            self.refused_total.fetch_add(1, Ordering::Relaxed);
            return Err(HandshakeRefusal::Total { running });
        }
        if source != Source::Local {
            let running_from_source = sources.entry(source).or_insert(0);
            if *running_from_source >= self.config.handshakes_per_source_max {
                let running = *running_from_source;
                if running == 0 {
                    sources.remove(&source);
                }
                self.refused_source.fetch_add(1, Ordering::Relaxed);
                return Err(HandshakeRefusal::Source { peer: source, running });
            }
            *running_from_source += 1;
        }
        self.running.store(running + 1, Ordering::Relaxed);
        Ok(HandshakePermit { handshakes: Arc::clone(self), source })
    }

    /// Returns the number of currently running handshakes.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Returns the number of sources with a running handshake. This number is never greater than
    /// [`Handshakes::running`].
    #[must_use]
    pub fn source_count(&self) -> usize {
        self.running_by_source.lock().len()
    }

    /// Returns whether at least `retry_from` handshakes are running, so that a peer has to prove its address before the
    /// server spends memory on the peer.
    #[must_use]
    pub fn requires_retry(&self) -> bool {
        self.running() >= self.config.retry_from
    }

    /// Returns the number of handshakes refused since the start because `handshakes_max` handshakes were running.
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused_total.load(Ordering::Relaxed)
    }

    /// Returns the number of handshakes refused since the start because `handshakes_per_source_max` handshakes from
    /// their source were running.
    #[must_use]
    pub fn refused_source(&self) -> u64 {
        self.refused_source.load(Ordering::Relaxed)
    }

    fn release(&self, source: Source) {
        let mut sources = self.running_by_source.lock();
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

/// Permission to run one handshake.
#[must_use = "dropping the permit ends the count of the handshake"]
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

/// The limit because of which a handshake was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeRefusal {
    /// The limit `handshakes_max` is reached.
    #[error("{running} handshakes are already running")]
    Total {
        /// Number of handshakes that were running.
        running: usize,
    },
    /// The limit `handshakes_per_source_max` is reached.
    #[error("{running} handshakes from {peer} are already running")]
    Source {
        /// The source that has reached its limit.
        peer: Source,
        /// Number of handshakes from this source that were running.
        running: usize,
    },
}
