//! The threads that carry the connections. Each core is one thread with a single-threaded tokio runtime, a
//! flusher and a timer task.

mod buffers;
mod connections;
mod context;
mod flush;
mod mailbox;
mod placement;
mod ready_queue;
mod timers;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tidegate_broker::{Broker, CoreCounters, CoreId, TenantId, Totals};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

pub use buffers::Buffers;
pub use context::{Core, with_core};
pub use mailbox::Mailbox;
pub use placement::{LastRebalance, Policy};
pub use ready_queue::Order;

use crate::clock;
use connections::{Connections, Inbox};
use placement::Placement;

/// The part of a core that other threads can reach.
pub struct CoreHandle {
    runtime: Handle,
    /// The mailbox of the core, for sessions whose connections only this core may write to, and for commits.
    pub mailbox: Mailbox,
    /// The counters of the core, by tenant.
    pub counters: Arc<CoreCounters>,
    /// The inbox for new and woken connections of the core.
    connections: Arc<Inbox>,
}

/// The handles of all cores, and the placement of connections on the cores.
pub struct Cores {
    handles: Vec<CoreHandle>,
    placement: Placement,
}

/// The running threads of the cores. [`Self::stop`] ends them.
pub struct Threads {
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Cores {
    /// Starts `count` cores (at least one) for a broker with at most `tenants_max` tenants. `build` creates the broker
    /// whose connections the cores carry; `policy` decides on which core each connection is placed, and `order` which
    /// ready connection a core polls next.
    ///
    /// # Errors
    /// If a runtime or a thread cannot be created, or if `build` fails.
    pub fn start<E: From<io::Error>>(
        count: usize,
        tenants_max: usize,
        policy: Policy,
        order: Order,
        build: impl FnOnce(Arc<Self>) -> Result<Arc<Broker>, E>,
    ) -> Result<(Arc<Broker>, Arc<Self>, Threads), E> {
        let (stop, stopped) = watch::channel(false);
        let runtimes = (0..count.max(1))
            .map(|_| Builder::new_current_thread().enable_all().build())
            .collect::<io::Result<Vec<_>>>()?;
        let new_handle = |runtime: &Runtime| CoreHandle::new(runtime.handle().clone(), tenants_max);
        let handles = runtimes.iter().map(new_handle).collect();
        let placement = Placement::new(policy, count.max(1), clock::now());
        let cores = Arc::new(Self { handles, placement });
        let broker = build(Arc::clone(&cores))?;
        let mut threads = Vec::new();
        for (index, runtime) in runtimes.into_iter().enumerate() {
            let (broker, cores, mut stopped) = (Arc::clone(&broker), Arc::clone(&cores), stopped.clone());
            let inbox = cores.handles.get(index).map(|handle| Arc::clone(&handle.connections));
            let connections = Connections::new(inbox.unwrap_or_default(), order);
            let body = move || {
                runtime.block_on(async move {
                    context::install(CoreId(index), &cores, &broker);
                    tokio::spawn(connections.run());
                    tokio::spawn(flush::run(Arc::clone(&broker)));
                    tokio::spawn(timers::run(broker));
                    // An error means that the sender was dropped, which also ends the core.
                    let _ = stopped.wait_for(|stop| *stop).await;
                });
            };
            threads.push(thread::Builder::new().name(format!("core-{index}")).spawn(body)?);
        }
        Ok((broker, cores, Threads { stop, threads }))
    }

    /// Chooses the core for the next connection.
    pub fn place(&self) -> CoreId {
        self.placement.place()
    }

    /// Spawns `task` on a core. Does nothing if there is no such core.
    pub fn spawn(&self, core: CoreId, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(handle) = self.handles.get(core.0) {
            handle.runtime.spawn(task);
        }
    }

    /// Passes a connection to a core, which polls the connection until it ends. `tenant` is the number of the client's
    /// tenant. Does nothing if there is no such core.
    pub fn add_connection(
        &self,
        core: CoreId,
        tenant: u64,
        connection: impl Future<Output = ()> + Send + 'static,
    ) {
        if let Some(handle) = self.handles.get(core.0) {
            handle.connections.add(tenant, Box::pin(connection));
        }
    }

    /// Returns the handle of a core; `None` if there is no such core.
    #[must_use]
    pub fn core(&self, core: CoreId) -> Option<&CoreHandle> {
        self.handles.get(core.0)
    }

    /// Notifies every core that the store has committed.
    pub fn announce_commit(&self) {
        self.handles.iter().for_each(|handle| handle.mailbox.announce_commit());
    }

    /// Returns the sum of the counters of all cores.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.handles.iter().for_each(|handle| handle.counters.add_all_to(&mut totals));
        totals
    }

    /// Returns the sum of the counters of all cores for one tenant.
    #[must_use]
    pub fn totals_of(&self, tenant: TenantId) -> Totals {
        let mut totals = Totals::default();
        self.handles
            .iter()
            .filter_map(|handle| handle.counters.find(tenant))
            .for_each(|found| totals.add(found));
        totals
    }
}

impl CoreHandle {
    fn new(runtime: Handle, tenants_max: usize) -> Self {
        let counters = Arc::new(CoreCounters::new(tenants_max));
        Self { runtime, mailbox: Mailbox::default(), counters, connections: Arc::default() }
    }
}

impl Threads {
    /// Ends all cores and drops the tasks that still run on them. Waits for at most `limit`. Returns the number of
    /// threads that have not ended, or have panicked.
    pub fn stop(self, limit: Duration) -> usize {
        let _ = self.stop.send(true);
        let deadline = clock::now() + limit;
        let mut left = 0;
        for thread in self.threads {
            while !thread.is_finished() && clock::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            if !thread.is_finished() || thread.join().is_err() {
                left += 1;
            }
        }
        left
    }
}
