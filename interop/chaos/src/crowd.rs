//! The clients of a run and their network, in a thread of their own, so that the controller can wait for the broker meanwhile.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tidegate_interop::broker::Broker;
use tidegate_interop::process::DEADLINE;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use crate::clients::{self, CLIENTS, Order, Orders, Phase, World};
use crate::machine::wait;
use crate::network::{Condition, Routes};

/// The running clients.
pub struct Crowd {
    /// What they share with the controller.
    pub world: Arc<World>,
    condition: watch::Sender<Condition>,
    orders: Orders,
    /// Closed when all clients have ended.
    running: Receiver<()>,
}

/// What runs besides the usual clients.
pub type Extra = fn(&Arc<World>, &mut JoinSet<()>);

impl Crowd {
    /// Starts the clients, and waits until their subscriptions are acknowledged. With `relays`, they reach the broker through a network
    /// that can fail.
    ///
    /// # Errors
    /// If they are not acknowledged in time.
    pub fn start(broker: &Broker, seed: u64, settings: &Settings) -> Result<Self, String> {
        let direct = Routes::direct(broker);
        let routes = if settings.relays { Routes::relayed() } else { direct.clone() };
        let world = World::new(routes, broker.authority().to_owned(), settings.pace);
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
                // Panics of a task end this thread.
                tasks.join_all().await;
                drop(alive);
            });
        });
        let crowd = Self { world, condition, orders, running };
        wait("the first subscriptions", || crowd.world.is_prepared())?;
        crowd.world.phase.send_replace(Phase::Running);
        Ok(crowd)
    }

    /// Changes the network.
    pub fn set_network(&self, change: impl FnOnce(&mut Condition)) {
        self.condition.send_modify(change);
    }

    /// Tells a client what to do. If the client has not done what it was told before, this may be dropped.
    pub fn order(&self, client: usize, order: Order) {
        if let Some(orders) = self.orders.get(client % CLIENTS) {
            let _ = orders.try_send(order);
        }
    }

    /// Waits until every publisher gets an acknowledgement.
    ///
    /// # Errors
    /// If one does not get any in time.
    pub fn wait_for_progress(&self) -> Result<(), String> {
        for publisher in clients::PUBLISHERS {
            let acknowledgements = || self.world.ledger().acknowledgements(publisher);
            let before = acknowledgements();
            wait(&format!("an acknowledgement for publisher {publisher}"), || acknowledgements() > before)?;
        }
        Ok(())
    }

    /// Lets every message arrive, and ends the clients.
    ///
    /// # Errors
    /// If something does not arrive in time.
    pub fn finish(&self) -> Result<(), String> {
        self.world.phase.send_replace(Phase::Draining);
        let is_complete = || self.world.ledger().missing().is_empty();
        wait("everything that was acknowledged", is_complete).map_err(|late| {
            let missing = self.world.ledger().missing();
            format!("{late}\n{}", missing.join("\n"))
        })?;
        let observations = || self.world.ledger().totals().observations;
        // The first of them may have begun before.
        let wanted = observations() + 2;
        wait("the retained messages", || observations() >= wanted)?;
        self.world.phase.send_replace(Phase::Ending);
        match self.running.recv_timeout(DEADLINE) {
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Ok(()),
            _ => Err(format!("some clients did not end within {DEADLINE:?}")),
        }
    }
}

/// How the clients run.
#[derive(Clone)]
pub struct Settings {
    /// Whether they reach the broker through a network that can fail.
    pub relays: bool,
    /// How often each publisher sends a message.
    pub pace: std::time::Duration,
    /// What runs besides them.
    pub extra: Extra,
}
