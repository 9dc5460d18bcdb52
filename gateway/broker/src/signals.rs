//! What other cores tell one connection: signals, whether somebody writes to it, when it was last active.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

/// Why a connection is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Bytes wait that only the connection's own core can write, or the socket was full.
    Write,
    /// Another connection took the session over.
    TakenOver,
    /// The broker shuts down.
    Shutdown,
    /// The client was silent for one and a half times the keep alive.
    Silent,
    /// The transport's keep alive is due.
    Heartbeat,
    /// Writing failed.
    Broken,
    /// The store committed something.
    Committed,
}

/// The signals to one connection, for all cores.
#[derive(Debug)]
pub struct Signals {
    waker: AtomicWaker,
    signals: AtomicU8,
    writing: AtomicBool,
    partial: AtomicBool,
    paused_above: AtomicUsize,
    opened: Instant,
    last_activity: AtomicU64,
    last_words: Mutex<Vec<u8>>,
}

/// Signals that were taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalSet(u8);

impl SignalSet {
    /// Whether `signal` is among them.
    #[must_use]
    pub fn has(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }
}

impl Signal {
    fn bit(self) -> u8 {
        match self {
            Self::Write => 1,
            Self::TakenOver => 2,
            Self::Shutdown => 4,
            Self::Silent => 8,
            Self::Heartbeat => 16,
            Self::Broken => 32,
            Self::Committed => 64,
        }
    }
}

impl Signals {
    /// The signals to a connection that was active `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            waker: AtomicWaker::new(),
            signals: AtomicU8::new(0),
            writing: AtomicBool::new(false),
            partial: AtomicBool::new(false),
            paused_above: AtomicUsize::new(0),
            opened: now,
            last_activity: AtomicU64::new(0),
            last_words: Mutex::default(),
        }
    }

    /// Sets a signal and wakes the connection.
    pub fn notify(&self, signal: Signal) {
        self.signals.fetch_or(signal.bit(), Ordering::AcqRel);
        self.waker.wake();
    }

    /// Leaves bytes that the connection still has to write although another connection has its session now.
    pub fn leave_last_words(&self, bytes: Vec<u8>) {
        *self.last_words.lock() = bytes;
    }

    /// Takes those bytes.
    #[must_use]
    pub fn take_last_words(&self) -> Vec<u8> {
        mem::take(&mut self.last_words.lock())
    }

    /// Sets the waker of the connection.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Takes the signals set since the last call.
    #[must_use]
    pub(crate) fn take(&self) -> SignalSet {
        if self.signals.load(Ordering::Acquire) == 0 {
            return SignalSet(0);
        }
        SignalSet(self.signals.swap(0, Ordering::AcqRel))
    }

    /// Notes that a packet arrived.
    pub fn record_activity(&self, now: Instant) {
        let since = u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX);
        self.last_activity.store(since, Ordering::Relaxed);
    }

    /// When the last packet arrived.
    #[must_use]
    pub fn last_activity(&self) -> Instant {
        let since = Duration::from_millis(self.last_activity.load(Ordering::Relaxed));
        self.opened.checked_add(since).unwrap_or(self.opened)
    }

    /// A core begins to write to the connection.
    pub fn set_writing(&self) {
        self.writing.store(true, Ordering::Release);
    }

    /// The core has stopped writing; `partial` if it wrote only a part of a packet and nobody will write the rest.
    pub fn finish_write(&self, partial: bool) {
        if partial {
            self.partial.store(true, Ordering::Release);
        }
        self.writing.store(false, Ordering::Release);
    }

    /// Nothing more may be written to the connection: bytes that come before it were dropped.
    pub fn cut_off(&self) {
        self.partial.store(true, Ordering::Release);
    }

    /// Whether a core is writing to the connection at this moment.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Acquire)
    }

    /// Whether the outgoing stream ends in the middle of a packet, or has to end here.
    #[must_use]
    pub fn has_partial_packet(&self) -> bool {
        self.partial.load(Ordering::Acquire)
    }

    /// The connection does not read until at most `len` bytes wait to be written.
    pub fn pause_reading(&self, len: usize) {
        self.paused_above.store(len, Ordering::Release);
    }

    /// Notes that the peer took bytes. While the connection does not read, that is its only activity.
    pub fn record_progress(&self, now: Instant) {
        if self.paused_above.load(Ordering::Relaxed) > 0 {
            self.record_activity(now);
        }
    }

    /// Wakes a connection that does not read, if only `len` bytes are left to write and that is few enough.
    pub fn resume_reading(&self, len: usize) {
        if len < self.paused_above.load(Ordering::Relaxed) {
            self.paused_above.store(0, Ordering::Release);
            self.notify(Signal::Write);
        }
    }
}

#[cfg(test)]
mod tests;
