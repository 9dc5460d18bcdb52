//! Accepts connections from a listener and places each on a core. There, one task does the handshakes, and then starts
//! another task for the driver.

use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::{Attachment, Broker, ClientConnection, LinkFacts, Receipt};
use tidegate_session::{Config as SessionConfig, Negotiated};
use tidegate_transports::{Incoming, Listener, Transport};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::clock;
use crate::config;
use crate::cores::{Cores, with_core};
use crate::driver::{Accepted, Drive, Driver, Refused, accept_connect, direct_writer, reject};
use crate::logging::PEER;

/// Accepts the connections of one listener and starts their drivers.
#[derive(Clone)]
pub(super) struct Acceptor {
    name: Arc<str>,
    broker: Arc<Broker>,
    cores: Arc<Cores>,
    connections: TaskTracker,
    connect_timeout: Duration,
    /// The limits of this listener's connections and of their sessions.
    session: Arc<SessionConfig>,
}

impl Acceptor {
    pub(super) fn new(
        listener: &config::Listener,
        session: Arc<SessionConfig>,
        broker: &Arc<Broker>,
        cores: &Arc<Cores>,
        connections: TaskTracker,
    ) -> Self {
        Self {
            name: Arc::from(listener.name.as_str()),
            broker: Arc::clone(broker),
            cores: Arc::clone(cores),
            connections,
            connect_timeout: listener.connect_timeout.duration(),
            session,
        }
    }

    /// Accepts connections until `stopped` becomes true. Never waits for a peer.
    pub(super) async fn run(self, listener: Listener, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                accepted = listener.accept() => match accepted {
                    Ok(incoming) => self.place_on_core(incoming),
                    Err(error) => tracing::warn!(target: PEER, listener = &*self.name, %error, "cannot accept a connection"),
                },
            }
        }
    }

    fn place_on_core(&self, incoming: Incoming) {
        // A QUIC connection stays on the core that polls its socket.
        let is_pinned = incoming.transport() == Transport::Quic;
        let core = if is_pinned { super::ACCEPTING_CORE } else { self.cores.place() };
        let (this, tracker) = (self.clone(), self.connections.clone());
        // The handshakes run in a task of their own, so that their memory is freed when the task ends.
        self.cores.spawn(core, async move { this.open_connection(incoming, tracker).await });
    }

    async fn open_connection(self, incoming: Incoming, tracker: TaskTracker) {
        let link = match incoming.establish().await {
            Ok(link) => link,
            Err(error) => {
                tracing::debug!(target: PEER, listener = &*self.name, %error, "transport handshake failed");
                return;
            }
        };
        let accepted = timeout(self.connect_timeout, accept_connect(link, &self.broker, &self.session)).await;
        let Accepted { link, negotiated, rest } = match accepted {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => {
                self.report_refused(&error);
                return;
            }
            Err(_) => {
                with_core(|core| core.counters().connections_refused.add(1));
                tracing::debug!(target: PEER, listener = &*self.name, "no CONNECT within the time limit");
                return;
            }
        };
        if let Some(reason) = self.broker.check_admission(&negotiated) {
            with_core(|core| {
                core.counters().connections_refused.add(1);
                core.counters().refused_store.add(1);
            });
            // The link is closed whether or not the peer reads the CONNACK.
            let _ = timeout(self.connect_timeout, reject(link, &negotiated, reason)).await;
            return;
        }
        let (writer, heartbeat) = (direct_writer(&link), link.heartbeat());
        let core = with_core(|core| core.id());
        let receipt = self.connect(&negotiated, LinkFacts { core, writer, heartbeat }).await;
        let client = ClientConnection::new(Arc::clone(&self.broker), receipt);
        tokio::spawn(Drive::from(Box::new(Driver::new(link, client, rest, tracker.token()))));
    }

    /// Counts and logs a connection whose CONNECT was refused or did not arrive.
    fn report_refused(&self, error: &Refused) {
        let is_out_of_memory = error.is_out_of_memory();
        with_core(|core| {
            core.counters().connections_refused.add(1);
            core.counters().connections_out_of_memory.add(u64::from(is_out_of_memory));
        });
        if is_out_of_memory {
            tracing::warn!(target: PEER, listener = &*self.name, "a connection was closed: not enough memory for its CONNECT");
        } else {
            tracing::debug!(target: PEER, listener = &*self.name, %error, "CONNECT refused or not received");
        }
    }

    /// Attaches the connection to its session. As long as a publish of the session's former connection is unfinished,
    /// tries again once per turn.
    async fn connect(&self, negotiated: &Negotiated, mut facts: LinkFacts) -> Receipt<Attachment> {
        loop {
            let connected = with_core(|core| {
                core.run_turn(clock::now(), |turn, _| self.broker.connect(turn, negotiated, facts))
            });
            match connected {
                Ok(receipt) => return receipt,
                Err(back) => facts = back,
            }
            yield_now().await;
        }
    }
}
