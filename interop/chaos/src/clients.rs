//! The clients of a run. Each is a task that connects over a random transport, does its work, and connects again whenever its
//! connection ends.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::network::Routes;

mod changing_subscriber;
mod drive;
mod endpoint;
mod observer;
mod publisher;
mod steady_subscriber;
mod will_client;

use changing_subscriber::ChangingSubscriber;
use drive::drive;
use endpoint::Endpoint;
pub use endpoint::options;
use publisher::Publisher;
use steady_subscriber::SteadySubscriber;
pub use steady_subscriber::subscribe;
use will_client::WillClient;

/// What clients and the controller of a run share.
#[derive(Debug)]
pub struct World {
    /// The record of the run.
    ledger: Mutex<Ledger>,
    /// What clients do at present.
    pub phase: watch::Sender<Phase>,
    /// The ports to connect to.
    pub routes: Routes,
    /// The PEM file of the certificate authority.
    pub authority: PathBuf,
    /// How often each publisher sends a message.
    pub pace: Duration,
}

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// They connect and subscribe.
    Preparing,
    /// Publishers publish.
    Running,
    /// No new messages. Publishers wait for acknowledgements, subscribers for messages.
    Draining,
    /// Everybody disconnects.
    Ending,
}

/// What a client is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Connect while the former connection is open.
    TakeOver,
    /// Disconnect for a time.
    Rest(Duration),
}

/// The senders of orders, one for each client.
pub type Orders = Vec<mpsc::Sender<Order>>;

impl World {
    /// A run that has not begun.
    #[must_use]
    pub fn new(routes: Routes, authority: PathBuf, pace: Duration) -> Arc<Self> {
        let mut ledger = Ledger::default();
        for client in 0..SUBSCRIBERS {
            let _ = ledger.add_subscriber(&name(client));
        }
        let (ledger, phase) = (Mutex::new(ledger), watch::Sender::new(Phase::Preparing));
        Arc::new(Self { ledger, phase, routes, authority, pace })
    }

    /// The record of the run.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no client panics")
    }

    /// Whether all that a message is owed to have subscribed.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.ledger().are_subscribed(0..STEADY_SUBSCRIBERS, steady_subscriber::FILTERS.len())
    }
}

/// Starts the clients. Must be called in a `LocalSet`. They end in [`Phase::Ending`].
pub fn start(world: &Arc<World>, seed: u64, tasks: &mut JoinSet<()>, receivers: Vec<mpsc::Receiver<Order>>) {
    let mut random = Rng::with_seed(seed);
    for (client, orders) in receivers.into_iter().enumerate() {
        let endpoint = Endpoint::new(&name(client), Arc::clone(world), random.fork());
        let world = Arc::clone(world);
        if client < STEADY_SUBSCRIBERS {
            tasks.spawn_local(drive(endpoint, SteadySubscriber::new(client, world), orders));
        } else if client < SUBSCRIBERS {
            tasks.spawn_local(drive(endpoint, ChangingSubscriber::new(client, world, random.fork()), orders));
        } else if client < PUBLISHERS.end {
            tasks.spawn_local(drive(endpoint, Publisher::new(client, world, random.fork()), orders));
        } else {
            tasks.spawn_local(drive(endpoint, WillClient::new(client, world), orders));
        }
    }
    tasks.spawn_local(observer::observe(Arc::clone(world)));
}

/// Makes the channels for orders.
#[must_use]
pub fn channels() -> (Orders, Vec<mpsc::Receiver<Order>>) {
    (0..CLIENTS).map(|_| mpsc::channel(ORDERS_MAX)).unzip()
}

fn name(client: usize) -> String {
    let role = match client {
        _ if client < STEADY_SUBSCRIBERS => "steady subscriber",
        _ if client < SUBSCRIBERS => "changing subscriber",
        _ if client < PUBLISHERS.end => "publisher",
        _ => "will client",
    };
    format!("{role} {client}")
}

const STEADY_SUBSCRIBERS: usize = 3;
/// The clients below this index receive messages.
pub const SUBSCRIBERS: usize = 4;
/// The indices of the publishers.
pub const PUBLISHERS: Range<usize> = SUBSCRIBERS..8;
/// The number of clients; the last two have wills.
pub const CLIENTS: usize = 10;
/// Orders that wait for a client. Further ones are dropped.
const ORDERS_MAX: usize = 4;
