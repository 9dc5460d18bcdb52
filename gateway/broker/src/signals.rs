//! The state through which other cores communicate with one connection: signals, whether a core is writing to it, and
//! when it was last active.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tidegate_session::Traffic;

/// The reason why a connection is woken, as a flag in [`Signals`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Bytes are waiting that only the core that polls the connection may write, or the socket did not accept all
    /// bytes.
    Write,
    /// Another connection took the session over.
    TakenOver,
    /// The broker shuts down.
    Shutdown,
    /// The client sent nothing for one and a half times the keep alive.
    Silent,
    /// The transport's keep alive is due.
    Heartbeat,
    /// Writing to the connection failed.
    Broken,
    /// The store has reached another commit.
    Committed,
}

/// The signals to one connection, for all cores.
#[derive(Debug)]
pub struct Signals {
    waker: AtomicWaker,
    signals: AtomicU8,
    /// Whether a core is writing to the connection at this moment.
    writing: AtomicBool,
    is_writing_forbidden: AtomicBool,
    /// The number of unwritten bytes below which [`Self::resume_reading`] wakes the connection; 0 if it need not be
    /// woken.
    paused_above: AtomicUsize,
    opened: Instant,
    /// The time of the last activity, in milliseconds after `opened`.
    last_activity: AtomicU64,
    /// Set when another connection takes the session over.
    leftover: Mutex<Option<Box<Leftover>>>,
}

/// What a session still held for its connection when another connection took the session over.
#[derive(Debug, Default)]
pub struct Leftover {
    /// The bytes that the former connection still has to write.
    pub unwritten: Vec<u8>,
    /// The packets and bytes sent on the former connection, including the unwritten bytes.
    pub sent: Traffic,
}

/// Signals that were taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalSet(u8);

impl SignalSet {
    /// Whether `signal` is in the set.
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
    /// Creates the signals of a connection that is active `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            waker: AtomicWaker::new(),
            signals: AtomicU8::new(0),
            writing: AtomicBool::new(false),
            is_writing_forbidden: AtomicBool::new(false),
            paused_above: AtomicUsize::new(0),
            opened: now,
            last_activity: AtomicU64::new(0),
            leftover: Mutex::default(),
        }
    }

    /// Sets a signal and wakes the connection.
    pub fn notify(&self, signal: Signal) {
        self.signals.fetch_or(signal.bit(), Ordering::AcqRel);
        self.waker.wake();
    }

    /// Stores the leftover of this connection, whose session another connection takes over.
    pub fn store_leftover(&self, leftover: Leftover) {
        *self.leftover.lock() = Some(Box::new(leftover));
    }

    /// Takes the leftover that [`Self::store_leftover`] has stored; empty if there is none.
    #[must_use]
    pub fn take_leftover(&self) -> Leftover {
        self.leftover.lock().take().map_or_else(Leftover::default, |leftover| *leftover)
    }

    /// Returns the time for which the connection has been open.
    #[must_use]
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.opened)
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

    /// Records that a packet arrived.
    pub fn record_activity(&self, now: Instant) {
        let since = u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX);
        self.last_activity.store(since, Ordering::Relaxed);
    }

    /// Returns the time of the last activity: of the last packet, or of progress recorded by [`Self::record_progress`].
    #[must_use]
    pub fn last_activity(&self) -> Instant {
        let since = Duration::from_millis(self.last_activity.load(Ordering::Relaxed));
        self.opened.checked_add(since).unwrap_or(self.opened)
    }

    /// Records that a core begins to write to the connection.
    pub fn set_writing(&self) {
        self.writing.store(true, Ordering::Release);
    }

    /// Records that the core has stopped writing. `partial`: whether the core wrote only a part of a packet, whose rest
    /// will never be written.
    pub fn finish_write(&self, partial: bool) {
        if partial {
            self.is_writing_forbidden.store(true, Ordering::Release);
        }
        self.writing.store(false, Ordering::Release);
    }

    /// Records that nothing more may be written to the connection, because earlier bytes for it were dropped.
    pub fn forbid_writing(&self) {
        self.is_writing_forbidden.store(true, Ordering::Release);
    }

    /// Whether a core is writing to the connection at this moment.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Acquire)
    }

    /// Whether nothing more may be written to the connection, because the outgoing stream ends in the middle of a
    /// packet or bytes were dropped.
    #[must_use]
    pub fn is_writing_forbidden(&self) -> bool {
        self.is_writing_forbidden.load(Ordering::Acquire)
    }

    /// Requests that the connection is woken when fewer than `len` bytes wait to be written. Until then, the connection
    /// does not read from its client, or sends no retained messages.
    pub fn pause_reading(&self, len: usize) {
        self.paused_above.store(len, Ordering::Release);
    }

    /// Records that the connection accepted bytes. While the connection waits for the client to read (see
    /// [`Self::pause_reading`]), this counts as activity of the client.
    pub fn record_progress(&self, now: Instant) {
        if self.paused_above.load(Ordering::Relaxed) > 0 {
            self.record_activity(now);
        }
    }

    /// Wakes the connection if `len`, the number of bytes that wait to be written, is below the number that
    /// [`Self::pause_reading`] has set.
    pub fn resume_reading(&self, len: usize) {
        if len < self.paused_above.load(Ordering::Relaxed) {
            self.paused_above.store(0, Ordering::Release);
            self.notify(Signal::Write);
        }
    }
}

#[cfg(test)]
mod tests;
