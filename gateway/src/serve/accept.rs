//! Accepts connections from a listener and places each on a core. There, one task performs the handshakes and reads
//! CONNECT, and then adds the driver to the connections of the core.

use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::{
    Attachment, Broker, ClientConnection, ClientContext, LinkFacts, ListenerContext, Receipt,
};
use tidegate_session::{Config as SessionConfig, Negotiated};
use tidegate_transports::{
    EstablishError, Established, FurtherLinks, Incoming, Link, Listener, Peer, Transport,
};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::clock;
use crate::config;
use crate::cores::{Cores, with_core};
use crate::driver::{Accepted, Drive, Driver, Refused, accept_connect, direct_writer};
use crate::logging::PEER;
use crate::story::{log_connected, log_refused_connection};

/// Accepts the connections of one listener and starts their drivers.
#[derive(Clone)]
pub(super) struct Acceptor {
    context: Arc<ListenerContext>,
    broker: Arc<Broker>,
    cores: Arc<Cores>,
    connections: TaskTracker,
    connect_timeout: Duration,
}

impl Acceptor {
    pub(super) fn new(
        listener: &config::Listener,
        limits: Arc<SessionConfig>,
        broker: &Arc<Broker>,
        cores: &Arc<Cores>,
        connections: TaskTracker,
    ) -> Self {
        Self {
            context: Arc::new(ListenerContext { name: listener.name.as_str().into(), limits }),
            broker: Arc::clone(broker),
            cores: Arc::clone(cores),
            connections,
            connect_timeout: listener.connect_timeout.duration(),
        }
    }

    /// Accepts connections until `stopped` becomes true. Never waits for a peer.
    pub(super) async fn run(self, listener: Listener, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                accepted = listener.accept() => match accepted {
                    Ok(incoming) => self.place_on_core(incoming),
                    Err(error) => tracing::warn!(target: PEER, listener = &*self.context.name, %error, "cannot accept a connection"),
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
        let peer = Peer::new(incoming.transport(), incoming.address());
        let Established { link, further } = match incoming.establish().await {
            Ok(established) => established,
            Err(error) => return self.report_failed_handshake(&error, &peer),
        };
        if let Some(further) = further {
            tokio::spawn(self.clone().open_further_links(further, tracker.clone()));
        }
        self.open_link(link, tracker).await;
    }

    /// Serves the further links of a connection, each in a task of its own, until the connection ends.
    async fn open_further_links(self, mut links: FurtherLinks, tracker: TaskTracker) {
        while let Some(link) = links.next().await {
            tokio::spawn(self.clone().open_link(link, tracker.clone()));
        }
    }

    /// Reads CONNECT and starts the driver of the link.
    async fn open_link(self, link: Link, tracker: TaskTracker) {
        let peer = link.peer().clone();
        let admitted = timeout(self.connect_timeout, self.admit(link)).await;
        let admitted = admitted.unwrap_or(Err(Refused::Timeout(self.connect_timeout)));
        let (Accepted { link, negotiated, rest }, context) = match admitted {
            Ok(admitted) => admitted,
            Err(refused) => {
                self.report_refused(&refused, &peer);
                // The link is closed whether or not the peer reads the CONNACK.
                let _ = timeout(self.connect_timeout, refused.answer()).await;
                return;
            }
        };
        let (writer, heartbeat) = (direct_writer(&link), link.heartbeat());
        let core = with_core(|core| core.id());
        let receipt = self.connect(&negotiated, &context, LinkFacts { core, writer, heartbeat }).await;
        let client = ClientConnection::new(Arc::clone(&self.broker), receipt);
        log_connected(&client, &negotiated);
        let tenant = context.tenant.number();
        let driver = Driver::new(link, client, rest, tracker.token());
        self.cores.add_connection(core, tenant, Drive::from(driver));
    }

    /// Reads CONNECT, and decides whether the client is admitted and who it is.
    async fn admit(&self, link: Link) -> Result<(Accepted, Arc<ClientContext>), Refused> {
        let accepted = accept_connect(link, &self.broker, &self.context).await?;
        let peer = accepted.link.peer().clone();
        match self.broker.admit(&accepted.negotiated, &self.context, Some(peer)).await {
            Ok(context) => Ok((accepted, context)),
            Err(refusal) => Err(Refused::Policy(refusal, Box::new(accepted))),
        }
    }

    /// Counts and logs a connection whose CONNECT was refused or did not arrive.
    fn report_refused(&self, error: &Refused, peer: &Peer) {
        let is_out_of_memory = error.is_out_of_memory();
        with_core(|core| match error {
            Refused::Policy(refusal, _) => core.counters().default_tenant().add_refused_connection(*refusal),
            _ => {
                core.counters().default_tenant().connections_refused.add(1);
                core.counters().default_tenant().connections_out_of_memory.add(u64::from(is_out_of_memory));
            }
        });
        if error.is_close_before_connect() {
            tracing::debug!(target: PEER, listener = &*self.context.name, %peer, error = error.to_string(), "no CONNECT received");
        } else {
            log_refused_connection(&self.context, peer, error.client_id(), error, error.hint());
        }
    }

    /// Logs a connection whose transport handshake failed.
    fn report_failed_handshake(&self, error: &EstablishError, peer: &Peer) {
        if matches!(error, EstablishError::Closed) {
            tracing::debug!(target: PEER, listener = &*self.context.name, %peer, error = error.to_string(), "no handshake received");
        } else {
            log_refused_connection(&self.context, peer, None, error, error.hint());
        }
    }

    /// Attaches the connection to its session. As long as a publish of the session's former connection is unfinished,
    /// this function tries again once per turn.
    async fn connect(
        &self,
        negotiated: &Negotiated,
        context: &Arc<ClientContext>,
        mut facts: LinkFacts,
    ) -> Receipt<Attachment> {
        loop {
            let connected = with_core(|core| {
                core.run_turn(clock::now(), |turn, _| self.broker.connect(turn, negotiated, context, facts))
            });
            match connected {
                Ok(receipt) => return receipt,
                Err(back) => facts = back,
            }
            yield_now().await;
        }
    }
}
