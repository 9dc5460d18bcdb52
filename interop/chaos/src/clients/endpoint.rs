//! One client identifier: what the client keeps between connections, and how it connects.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tidegate_gateway::client::{Client, ClientError, Options, State};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode, Will};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Phase, World};

/// A client between its connections.
pub struct Endpoint {
    name: String,
    version: ProtocolVersion,
    world: Arc<World>,
    random: Rng,
    /// The state of the session, without which nothing can be resumed.
    pub state: State,
    /// Whether the broker has promised to keep the session.
    is_promised: bool,
    /// Whether the broker may have the session.
    is_possible: bool,
}

impl Endpoint {
    /// A client whose session does not exist yet. Half of the clients speak MQTT 3.1.1.
    pub fn new(name: &str, world: Arc<World>, mut random: Rng) -> Self {
        let version = if random.bool() { ProtocolVersion::V5 } else { ProtocolVersion::V3_1_1 };
        let state = State::default();
        Self { name: name.to_owned(), version, world, random, state, is_promised: false, is_possible: false }
    }

    /// Tries once to connect.
    pub async fn try_connect(&mut self, will: Option<Will>) -> Option<Client> {
        let options = self.options(will);
        let was_possible = std::mem::replace(&mut self.is_possible, true);
        match Client::connect(&options, self.state.clone()).await {
            Ok(client) => {
                self.check_session(client.connack().session_present, was_possible);
                self.is_promised = true;
                Some(client)
            }
            Err(error) => {
                self.judge(&error);
                sleep(RETRY_PAUSE).await;
                None
            }
        }
    }

    /// What clients do at present.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.world.phase.subscribe()
    }

    /// Notes an error that the faults of a run do not explain.
    pub fn judge(&self, error: &ClientError) {
        let is_explained = match error {
            ClientError::Link(_) | ClientError::Closed | ClientError::Broken(_) | ClientError::Timeout(_) => {
                true
            }
            ClientError::Refused(connack) => TEMPORARY.contains(&connack.reason),
            ClientError::Disconnected(disconnect) => TEMPORARY.contains(&disconnect.reason),
            _ => false,
        };
        if !is_explained {
            self.world.ledger().violate(format!("{}: {error}", self.name));
        }
    }

    fn check_session(&self, is_present: bool, is_possible: bool) {
        if self.is_promised && !is_present {
            self.world.ledger().violate(format!("the session of {} is lost", self.name));
        }
        if !is_possible && is_present {
            self.world
                .ledger()
                .violate(format!("the session of {} existed before its first CONNECT", self.name));
        }
    }

    fn options(&mut self, will: Option<Will>) -> Options {
        let transport = self.random.choice(Transport::ALL).unwrap_or(Transport::Tcp);
        let mut options = options(&self.world, transport, self.version, &self.name);
        options.connect.clean_start = false;
        options.connect.session_expiry = self.version.is_v5().then_some(SESSION_EXPIRY);
        options.connect.will = will;
        options
    }
}

/// Options for a clean start over one transport.
pub fn options(world: &World, transport: Transport, version: ProtocolVersion, name: &str) -> Options {
    let target = world.routes.url(transport).parse().expect("a URL");
    let mut options = Options::new(target, version, name);
    options.tls.ca_files.push(world.authority.clone());
    options.connect.keep_alive = KEEP_ALIVE;
    options.connect_timeout = CONNECT_TIMEOUT;
    options
}

/// The reasons with which the broker may refuse or end a connection when it has to.
const TEMPORARY: [ReasonCode; 6] = [
    ReasonCode::ServerUnavailable,
    ReasonCode::ServerBusy,
    ReasonCode::ServerShuttingDown,
    ReasonCode::KeepAliveTimeout,
    ReasonCode::SessionTakenOver,
    ReasonCode::QuotaExceeded,
];
/// Seconds. Longer than a run without clock steps.
const SESSION_EXPIRY: u32 = 3600;
/// Seconds. Black holes are noticed by it.
const KEEP_ALIVE: u16 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RETRY_PAUSE: Duration = Duration::from_millis(50);
