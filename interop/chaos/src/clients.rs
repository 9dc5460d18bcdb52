//! The clients of a run. Each is a task that connects over a random transport, does its work, and connects again
//! whenever its connection ends.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::network::Routes;

mod brief_subscriber;
mod changing_subscriber;
mod drive;
mod endpoint;
mod observer;
mod publisher;
mod shared_subscriber;
mod steady_subscriber;
mod will_client;

use changing_subscriber::ChangingSubscriber;
use drive::drive;
use endpoint::Endpoint;
pub use endpoint::options;
use publisher::Publisher;
use shared_subscriber::SharedSubscriber;
use steady_subscriber::SteadySubscriber;
pub use steady_subscriber::subscribe;
use will_client::WillClient;

/// The state that the clients and the controller of a run share.
#[derive(Debug)]
pub struct RunState {
    /// The record of the run, which the clients and the controller write.
    ledger: Mutex<Ledger>,
    /// The current phase of the run, which determines what the clients do.
    pub phase: watch::Sender<Phase>,
    /// The ports to connect to.
    pub routes: Routes,
    /// Path of the PEM file of the certificate authority.
    pub authority: PathBuf,
    /// Time between two messages of one publisher.
    pub pace: Duration,
}

/// The phases of a run, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The clients connect and subscribe.
    Preparing,
    /// Publishers publish.
    Running,
    /// No client publishes new messages. Publishers wait for acknowledgements, subscribers for messages.
    Draining,
    /// All clients disconnect.
    Ending,
}

/// An instruction of the controller to one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Connect again while the former connection is still open, so that the new connection takes the session over.
    TakeOver,
    /// Disconnect, and connect again after this time.
    Rest(Duration),
}

/// The channels through which the controller sends orders, one for each client.
pub type Orders = Vec<mpsc::Sender<Order>>;

impl RunState {
    /// Creates the shared state of a run that has not begun.
    #[must_use]
    pub fn new(routes: Routes, authority: PathBuf, pace: Duration) -> Arc<Self> {
        let mut ledger = Ledger::default();
        for client in 0..GROUP {
            let _ = ledger.add_subscriber(&client_name(client));
        }
        let _ = ledger.add_group("the shared group");
        let (ledger, phase) = (Mutex::new(ledger), watch::Sender::new(Phase::Preparing));
        Arc::new(Self { ledger, phase, routes, authority, pace })
    }

    /// Locks the record of the run.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no client panics")
    }

    /// Whether the broker has granted all subscriptions of all steady subscribers.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.ledger().are_subscribed(0..STEADY_SUBSCRIBERS, steady_subscriber::FILTERS.len())
    }
}

/// Starts the clients, which end in [`Phase::Ending`]. Must be called in a `LocalSet`.
pub fn start(
    world: &Arc<RunState>,
    seed: u64,
    tasks: &mut JoinSet<()>,
    receivers: Vec<mpsc::Receiver<Order>>,
) {
    let mut random = Rng::with_seed(seed);
    for (client, orders) in receivers.into_iter().enumerate() {
        let endpoint = Endpoint::new(&client_name(client), Arc::clone(world), random.fork());
        let world = Arc::clone(world);
        if client < STEADY_SUBSCRIBERS {
            tasks.spawn_local(drive(endpoint, SteadySubscriber::new(client, world), orders));
        } else if client < GROUP {
            tasks.spawn_local(drive(endpoint, ChangingSubscriber::new(client, world, random.fork()), orders));
        } else if client < SUBSCRIBERS {
            tasks.spawn_local(drive(endpoint, SharedSubscriber::new(GROUP, world), orders));
        } else if client < PUBLISHERS.end {
            let publisher = Publisher::new(client, world, random.fork(), endpoint.version());
            tasks.spawn_local(drive(endpoint, publisher, orders));
        } else {
            tasks.spawn_local(drive(endpoint, WillClient::new(client, world), orders));
        }
    }
    tasks.spawn_local(observer::observe(Arc::clone(world)));
    let endpoint = Endpoint::new("brief subscriber", Arc::clone(world), random.fork());
    tasks.spawn_local(brief_subscriber::visit_now_and_then(endpoint, Arc::clone(world)));
}

/// Creates one channel for orders for each client.
#[must_use]
pub fn channels() -> (Orders, Vec<mpsc::Receiver<Order>>) {
    (0..CLIENTS).map(|_| mpsc::channel(ORDERS_MAX)).unzip()
}

fn client_name(client: usize) -> String {
    let role = match client {
        _ if client < STEADY_SUBSCRIBERS => "steady subscriber",
        _ if client < GROUP => "changing subscriber",
        _ if client < SUBSCRIBERS => "shared subscriber",
        _ if client < PUBLISHERS.end => "publisher",
        _ => "will client",
    };
    format!("{role} {client}")
}

const STEADY_SUBSCRIBERS: usize = 3;
/// The index of the shared group in the ledger. It is also the client index of the first member of the group.
const GROUP: usize = 4;
/// The number of subscribers that receive orders. They have the lowest client indices.
pub const SUBSCRIBERS: usize = 6;
/// The client indices of the publishers.
pub const PUBLISHERS: Range<usize> = SUBSCRIBERS..10;
/// The number of clients that receive orders; the last two have wills.
pub const CLIENTS: usize = 12;
/// Number of orders that may wait for one client. Further orders are dropped.
const ORDERS_MAX: usize = 4;
