//! Sessions that another core wants flushed by their owner: one wake a batch, however many there are.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::broker::SessionHandle;

/// The post of one core. Bounded by the number of sessions: a session is in at most one mailbox, once.
#[derive(Default)]
pub struct Mailbox {
    post: Mutex<Vec<Arc<SessionHandle>>>,
    flusher: AtomicWaker,
    /// Whether connections of the core wait for a commit.
    awaiting: AtomicBool,
    /// Whether there was one since the core looked last.
    committed: AtomicBool,
}

impl Mailbox {
    /// Leaves a batch for the core; wakes its flusher when there was nothing before.
    pub fn leave(&self, handles: &mut Vec<Arc<SessionHandle>>) {
        let mut post = self.post.lock();
        let first = post.is_empty();
        post.append(handles);
        drop(post);
        if first {
            self.flusher.wake();
        }
    }

    /// Says that connections of the core wait for a commit. Then look once more whether it came meanwhile.
    pub fn await_commit(&self) {
        self.awaiting.store(true, Ordering::SeqCst);
    }

    /// Tells the core of a commit, if anyone there waits for one.
    pub fn announce_commit(&self) {
        if self.awaiting.swap(false, Ordering::SeqCst) {
            self.committed.store(true, Ordering::SeqCst);
            self.flusher.wake();
        }
    }

    /// Whether there was a commit to wait for since the last call.
    pub fn take_commit(&self) -> bool {
        self.committed.load(Ordering::Relaxed) && self.committed.swap(false, Ordering::SeqCst)
    }

    /// Takes all that was left, and remembers whom to wake for the next.
    pub fn collect(&self, waker: &std::task::Waker, into: &mut Vec<Arc<SessionHandle>>) {
        self.flusher.register(waker);
        let mut post = self.post.lock();
        if into.is_empty() {
            mem::swap(&mut *post, into);
        } else {
            into.append(&mut post);
        }
    }
}
