//! Polls the connections of one core. All of them belong to one task of the runtime, so that the core decides which
//! ready connection is polled next.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::{ArcWake, AtomicWaker, waker_ref};
use parking_lot::Mutex;
use slab::Slab;

use super::ready_queue::{Order, ReadyQueue};

/// The future of a connection.
pub(super) type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The part of the connections of a core that any thread can reach: new connections, and those that were woken.
#[derive(Default)]
pub(super) struct Inbox {
    content: Mutex<Content>,
    task: AtomicWaker,
}

#[derive(Default)]
struct Content {
    /// New connections, each with the number of its tenant.
    new: Vec<(u64, Connection)>,
    woken: Vec<Arc<Entry>>,
    /// Whether the core is polling its connections. If so, nobody has to wake it, because it then checks the inbox
    /// again.
    is_polling: bool,
    /// Whether the core has ended, so that nothing is added any more.
    is_closed: bool,
}

/// A connection in the queue. Its waker is the same for its whole life on a core.
struct Entry {
    /// Index of the connection in [`Connections::slots`].
    key: usize,
    tenant: u64,
    /// Whether the connection is queued, or has ended. In both cases a wake-up has no effect.
    is_queued: AtomicBool,
    inbox: Arc<Inbox>,
}

struct Slot {
    connection: Connection,
    entry: Arc<Entry>,
}

/// The connections of a core.
pub(super) struct Connections {
    slots: Slab<Slot>,
    ready: ReadyQueue<Arc<Entry>>,
    inbox: Arc<Inbox>,
    /// Number of polls since the runtime last looked for input.
    polls_since_input: usize,
}

impl Inbox {
    /// Adds a connection of the tenant with this number. The core polls it soon.
    pub(super) fn add(&self, tenant: u64, connection: Connection) {
        self.update(|content| content.new.push((tenant, connection)));
    }

    /// Changes the content, and wakes the task of the core unless it is already awake. Does nothing if the core has
    /// ended.
    fn update(&self, change: impl FnOnce(&mut Content)) {
        let mut content = self.content.lock();
        if content.is_closed {
            // What `change` would have added is dropped with it, after the inbox is unlocked.
            drop(content);
            return;
        }
        let must_wake = content.is_empty() && !content.is_polling;
        change(&mut content);
        drop(content);
        if must_wake {
            self.task.wake();
        }
    }
}

impl Content {
    fn is_empty(&self) -> bool {
        self.new.is_empty() && self.woken.is_empty()
    }
}

impl ArcWake for Entry {
    fn wake_by_ref(this: &Arc<Self>) {
        if !this.is_queued.swap(true, Ordering::AcqRel) {
            this.inbox.update(|content| content.woken.push(Arc::clone(this)));
        }
    }
}

impl Connections {
    pub(super) fn new(inbox: Arc<Inbox>, order: Order) -> Self {
        Self { slots: Slab::new(), ready: ReadyQueue::new(order), inbox, polls_since_input: 0 }
    }

    /// Polls the connections that are ready, at most [`POLLS_MAX`] before the runtime looks for input. Never returns.
    pub(super) async fn run(mut self) {
        // All connections are one task of tokio, and would share the cooperative budget of one task.
        tokio::task::unconstrained(std::future::poll_fn(|context| {
            self.poll_ready(context);
            Poll::Pending
        }))
        .await
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) {
        self.inbox.task.register(context.waker());
        self.collect();
        // Connections that are woken from now on wait for the next round.
        while self.polls_since_input < POLLS_MAX
            && let Some(entry) = self.ready.pop()
        {
            self.poll_connection(&entry);
            self.polls_since_input += 1;
        }
        let has_woken = {
            let mut content = self.inbox.content.lock();
            content.is_polling = false;
            !content.is_empty()
        };
        if self.polls_since_input >= POLLS_MAX {
            self.polls_since_input = 0;
            // After this poll, the runtime looks for input, runs the timers, and then wakes this task.
            let _ = pin!(tokio::task::yield_now()).poll(context);
        } else if has_woken {
            // Before the task is polled again, the flusher and other tasks run.
            context.waker().wake_by_ref();
        }
    }

    /// Moves new and woken connections from the inbox to the queue.
    fn collect(&mut self) {
        let polling = Content { is_polling: true, ..Content::default() };
        let Content { new, woken, .. } = mem::replace(&mut *self.inbox.content.lock(), polling);
        woken.into_iter().for_each(|entry| self.ready.push(entry.tenant, entry));
        for (tenant, connection) in new {
            let slot = self.slots.vacant_entry();
            let is_queued = AtomicBool::new(true);
            let entry =
                Arc::new(Entry { key: slot.key(), tenant, is_queued, inbox: Arc::clone(&self.inbox) });
            slot.insert(Slot { connection, entry: Arc::clone(&entry) });
            self.ready.push(tenant, entry);
        }
    }

    fn poll_connection(&mut self, entry: &Arc<Entry>) {
        let Some(slot) = self.slots.get_mut(entry.key).filter(|slot| Arc::ptr_eq(&slot.entry, entry)) else {
            return;
        };
        // This must be a read-modify-write: a wake-up either sees `false` and queues the connection again, or what it
        // did before is visible to the poll.
        entry.is_queued.swap(false, Ordering::AcqRel);
        let waker = waker_ref(entry);
        let mut context = Context::from_waker(&waker);
        let connection = &mut slot.connection;
        // A defect in the code of one connection must not end the others. The panic hook has logged it.
        let polled = catch_unwind(AssertUnwindSafe(|| connection.as_mut().poll(&mut context)));
        if !matches!(polled, Ok(Poll::Pending)) {
            entry.is_queued.store(true, Ordering::Release);
            let ended = self.slots.remove(entry.key);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        // The content of the inbox must be dropped, because entries refer to the inbox and the inbox to woken entries.
        // The content is dropped after the inbox is unlocked, because dropping a connection may wake others.
        let closed = Content { is_closed: true, ..Content::default() };
        let content = mem::replace(&mut *self.inbox.content.lock(), closed);
        drop(content);
    }
}

/// Number of polls after which the runtime looks for input and runs timers. Tokio does so after 61 polls of tasks, but
/// counts one poll of all ready connections as one task.
const POLLS_MAX: usize = 64;

#[cfg(test)]
mod tests;
