//! The threads that carry the traffic: one single-threaded runtime a core, each with its flusher and agenda.

mod context;
mod flush;
mod mailbox;
mod placement;
mod route_cache;
mod timer_queue;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

pub use context::{Core, with_core};
pub use mailbox::Mailbox;
pub use placement::{LastRebalance, Policy};
pub use route_cache::RouteCache;
pub use timer_queue::TimerQueue;

use crate::broker::Broker;
use crate::counters::{Counters, Totals};
use placement::Placement;

/// Which core: an index into [`Cores`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreId(pub usize);

/// What every core can reach of another.
pub struct CoreHandle {
    runtime: Handle,
    /// Sessions whose owner on that core has to write.
    pub mailbox: Mailbox,
    /// What that core counted.
    pub counters: Arc<Counters>,
}

/// The handles of all cores, and what places connections on them.
pub struct Cores {
    handles: Vec<CoreHandle>,
    placement: Placement,
}

/// The running threads; stops them when told to.
pub struct Threads {
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Cores {
    /// Starts `count` threads that work for the broker that `build` makes, with connections placed by `policy`.
    ///
    /// # Errors
    /// When a runtime or a thread cannot be made; what `build` says.
    pub fn start<E: From<io::Error>>(
        count: usize,
        policy: Policy,
        build: impl FnOnce(Arc<Self>) -> Result<Arc<Broker>, E>,
    ) -> Result<(Arc<Broker>, Threads), E> {
        let (stop, stopped) = watch::channel(false);
        let runtimes = (0..count.max(1))
            .map(|_| Builder::new_current_thread().enable_all().build())
            .collect::<io::Result<Vec<_>>>()?;
        let handles = runtimes.iter().map(|runtime| CoreHandle::new(runtime.handle().clone())).collect();
        let placement = Placement::new(policy, count.max(1), Instant::now());
        let cores = Arc::new(Self { handles, placement });
        let broker = build(Arc::clone(&cores))?;
        let mut threads = Vec::new();
        for (index, runtime) in runtimes.into_iter().enumerate() {
            let (broker, mut stopped) = (Arc::clone(&broker), stopped.clone());
            let body = move || {
                runtime.block_on(async move {
                    context::install(CoreId(index), &broker);
                    tokio::spawn(flush::run(Arc::clone(&broker), CoreId(index)));
                    tokio::spawn(timer_queue::run(broker));
                    // An error means that the sender is gone, which ends the core as well.
                    let _ = stopped.wait_for(|stop| *stop).await;
                });
            };
            threads.push(thread::Builder::new().name(format!("core-{index}")).spawn(body)?);
        }
        Ok((broker, Threads { stop, threads }))
    }

    /// Cores without threads, for tests of what runs on them.
    #[cfg(test)]
    pub(crate) fn without_threads() -> Arc<Self> {
        Arc::new(Self { handles: Vec::new(), placement: Placement::new(Policy::Spread, 1, Instant::now()) })
    }

    /// The core for the next connection.
    pub fn place(&self) -> CoreId {
        self.placement.place()
    }

    /// Runs `task` on a core.
    pub fn spawn(&self, core: CoreId, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(core_handle) = self.handles.get(core.0) {
            core_handle.runtime.spawn(task);
        }
    }

    /// The core's handle.
    #[must_use]
    pub fn handle(&self, core: CoreId) -> Option<&CoreHandle> {
        self.handles.get(core.0)
    }

    /// Tells every core of a commit.
    pub fn announce_commit(&self) {
        self.handles.iter().for_each(|core_handle| core_handle.mailbox.announce_commit());
    }

    /// What all cores counted so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.handles.iter().for_each(|core_handle| totals.add(&core_handle.counters));
        totals
    }
}

impl CoreHandle {
    fn new(runtime: Handle) -> Self {
        Self { runtime, mailbox: Mailbox::default(), counters: Arc::default() }
    }
}

impl Threads {
    /// Tells all cores to end; what they still run is dropped. Waits for those that follow in time.
    pub fn stop(self, limit: Duration) {
        let _ = self.stop.send(true);
        let deadline = Instant::now() + limit;
        for thread in self.threads {
            while !thread.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}
