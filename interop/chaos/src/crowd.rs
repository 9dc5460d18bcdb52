//! Runs the clients and their network in a separate thread, so that the controller may block while it waits for the
//! broker.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tidegate_interop::broker::Broker;
use tidegate_interop::process::EVENT_TIMEOUT;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use crate::clients::{self, CLIENTS, Order, Orders, Phase, RunState};
use crate::machine::wait;
use crate::network::{Condition, Routes};

/// The running clients.
pub struct ClientThread {
    /// The state that the clients share with the controller.
    pub world: Arc<RunState>,
    condition: watch::Sender<Condition>,
    orders: Orders,
    /// A channel that is closed when all clients have ended.
    running: Receiver<()>,
}

/// A function that starts tasks in addition to the usual clients.
pub type Extra = fn(&Arc<RunState>, &mut JoinSet<()>);

impl ClientThread {
    /// Starts the clients, and waits until the broker has granted the subscriptions of the steady subscribers. With
    /// `relays`, the clients connect through relays that can fail.
    ///
    /// # Errors
    /// If the broker does not grant these subscriptions within the deadline.
    pub fn start(broker: &Broker, seed: u64, settings: &Settings) -> Result<Self, String> {
        let direct = Routes::direct(broker);
        let routes = if settings.relays { Routes::relayed() } else { direct.clone() };
        let world = RunState::new(routes, broker.authority().to_owned(), settings.pace);
        let (condition, watched) = watch::channel(Condition::default());
        let (orders, receivers) = clients::channels();
        let (alive, running) = channel::<()>();
        let (shared, settings) = (Arc::clone(&world), settings.clone());
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            LocalSet::new().block_on(&runtime, async move {
                if settings.relays {
                    shared.routes.start_relays(&direct, &watched).await;
                }
                let mut tasks = JoinSet::new();
                clients::start(&shared, seed, &mut tasks, receivers);
                (settings.extra)(&shared, &mut tasks);
                // A panic of a task ends this thread.
                tasks.join_all().await;
                drop(alive);
            });
        });
        let crowd = Self { world, condition, orders, running };
        wait("the first subscriptions", || crowd.world.is_prepared())?;
        crowd.world.phase.send_replace(Phase::Running);
        Ok(crowd)
    }

    /// Changes the condition of the network.
    pub fn set_network(&self, change: impl FnOnce(&mut Condition)) {
        self.condition.send_modify(change);
    }

    /// Sends an order to a client. The order is dropped if too many orders for that client wait.
    pub fn order(&self, client: usize, order: Order) {
        if let Some(orders) = self.orders.get(client % CLIENTS) {
            let _ = orders.try_send(order);
        }
    }

    /// Waits until every publisher has received another acknowledgement.
    ///
    /// # Errors
    /// If a publisher receives none within the deadline.
    pub fn wait_for_progress(&self) -> Result<(), String> {
        for publisher in clients::PUBLISHERS {
            let acknowledgements = || self.world.ledger().acknowledgements(publisher);
            let before = acknowledgements();
            wait(&format!("an acknowledgement for publisher {publisher}"), || acknowledgements() > before)?;
        }
        Ok(())
    }

    /// Waits until all messages have arrived, and ends the clients.
    ///
    /// # Errors
    /// If a message does not arrive within the deadline, or a client does not end.
    pub fn finish(&self) -> Result<(), String> {
        self.world.phase.send_replace(Phase::Draining);
        let is_complete = || self.world.ledger().missing().is_empty();
        wait("everything that was acknowledged", is_complete).map_err(|late| {
            let missing = self.world.ledger().missing();
            format!("{late}\n{}", missing.join("\n"))
        })?;
        let observations = || self.world.ledger().totals().observations;
        // Two more observations are needed, because the next observation may have begun before all messages were
        // acknowledged.
        let wanted = observations() + 2;
        wait("the retained messages", || observations() >= wanted)?;
        self.world.phase.send_replace(Phase::Ending);
        match self.running.recv_timeout(EVENT_TIMEOUT) {
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Ok(()),
            _ => Err(format!("some clients did not end within {EVENT_TIMEOUT:?}")),
        }
    }
}

/// The settings of the clients.
#[derive(Clone)]
pub struct Settings {
    /// Whether the clients connect through relays that can fail.
    pub relays: bool,
    /// Time between two messages of one publisher.
    pub pace: std::time::Duration,
    /// Starts tasks in addition to the usual clients.
    pub extra: Extra,
}
