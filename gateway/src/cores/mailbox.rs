//! The sessions that other cores ask a core to flush, because only that core may write to their connections. A batch of
//! sessions costs one wake-up.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tidegate_broker::SessionHandle;

/// The mailbox of one core. Its length is bounded by the number of sessions, because a session is in at most one
/// mailbox, and only once.
#[derive(Default)]
pub struct Mailbox {
    sessions: Mutex<Vec<Arc<SessionHandle>>>,
    flusher: AtomicWaker,
    /// Whether answers on the core wait for a commit.
    awaiting: AtomicBool,
    /// Whether there was a commit since the core last checked.
    committed: AtomicBool,
}

impl Mailbox {
    /// Moves all of `handles` into the mailbox. Wakes the flusher of the core if the mailbox was empty.
    pub fn append(&self, handles: &mut Vec<Arc<SessionHandle>>) {
        let mut sessions = self.sessions.lock();
        let was_empty = sessions.is_empty();
        sessions.append(handles);
        drop(sessions);
        if was_empty {
            self.flusher.wake();
        }
    }

    /// Records that an answer on the core waits for a commit. The caller must check afterwards whether the store has
    /// reached that commit in the meantime.
    pub fn await_commit(&self) {
        self.awaiting.store(true, Ordering::SeqCst);
    }

    /// Wakes the flusher of the core after a commit, if an answer on that core waits for a commit.
    pub fn announce_commit(&self) {
        if self.awaiting.swap(false, Ordering::SeqCst) {
            self.committed.store(true, Ordering::SeqCst);
            self.flusher.wake();
        }
    }

    /// Whether there was an awaited commit since the last call.
    pub fn take_commit(&self) -> bool {
        self.committed.load(Ordering::Relaxed) && self.committed.swap(false, Ordering::SeqCst)
    }

    /// Moves all sessions to the end of `into`. `waker` is woken when the next session arrives.
    pub fn collect(&self, waker: &std::task::Waker, into: &mut Vec<Arc<SessionHandle>>) {
        self.flusher.register(waker);
        let mut sessions = self.sessions.lock();
        if into.is_empty() {
            mem::swap(&mut *sessions, into);
        } else {
            into.append(&mut sessions);
        }
    }
}
