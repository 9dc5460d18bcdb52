//! Sessions that other cores have bytes for, and whose connections only this core may write to: one wake-up for each batch.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tidegate_broker::SessionHandle;

/// The mailbox of one core. The number of sessions bounds it: a session is in at most one mailbox, once.
#[derive(Default)]
pub struct Mailbox {
    post: Mutex<Vec<Arc<SessionHandle>>>,
    flusher: AtomicWaker,
    /// Whether connections of the core wait for a commit.
    awaiting: AtomicBool,
    /// Whether there was a commit since the core looked last.
    committed: AtomicBool,
}

impl Mailbox {
    /// Leaves sessions for the core; wakes its flusher if the mailbox was empty.
    pub fn leave(&self, handles: &mut Vec<Arc<SessionHandle>>) {
        let mut post = self.post.lock();
        let first = post.is_empty();
        post.append(handles);
        drop(post);
        if first {
            self.flusher.wake();
        }
    }

    /// Notes that something on the core waits for a commit. Check afterwards whether the commit has come meanwhile.
    pub fn await_commit(&self) {
        self.awaiting.store(true, Ordering::SeqCst);
    }

    /// Tells the core that there was a commit, if anything there waits for one.
    pub fn announce_commit(&self) {
        if self.awaiting.swap(false, Ordering::SeqCst) {
            self.committed.store(true, Ordering::SeqCst);
            self.flusher.wake();
        }
    }

    /// Whether an awaited commit has come since the last call.
    pub fn take_commit(&self) -> bool {
        self.committed.load(Ordering::Relaxed) && self.committed.swap(false, Ordering::SeqCst)
    }

    /// Moves all sessions to the end of `into`, and registers the waker for the next.
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
