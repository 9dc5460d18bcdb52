//! The state that a client keeps between its connections, and how the client connects.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tidegate_client::{Client, ClientError, Options, State};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode, Will};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Phase, RunState};

/// The state of a client that outlives its connections.
pub struct Endpoint {
    name: String,
    version: ProtocolVersion,
    world: Arc<RunState>,
    random: Rng,
    /// The client's session state, which the client needs to resume the session.
    pub state: State,
    /// Whether the broker has accepted a connection, and so promised to keep the session.
    is_session_promised: bool,
    /// Whether the client has sent a CONNECT, so that the broker may have the session.
    may_session_exist: bool,
}

impl Endpoint {
    /// Creates a client whose session does not exist yet. Chooses MQTT 3.1.1 or MQTT 5.0 at random.
    pub fn new(name: &str, world: Arc<RunState>, mut random: Rng) -> Self {
        let version = if random.bool() { ProtocolVersion::V5 } else { ProtocolVersion::V3_1_1 };
        let state = State::default();
        Self {
            name: name.to_owned(),
            version,
            world,
            random,
            state,
            is_session_promised: false,
            may_session_exist: false,
        }
    }

    /// Tries once to connect.
    pub async fn try_connect(&mut self, will: Option<Will>) -> Option<Client> {
        let options = self.options(will);
        let might_session_exist = std::mem::replace(&mut self.may_session_exist, true);
        match Client::connect(&options, self.state.clone()).await {
            Ok(client) => {
                self.check_session(client.connack().session_present, might_session_exist);
                self.is_session_promised = true;
                Some(client)
            }
            Err(error) => {
                self.record_unexpected_error(&error);
                sleep(RETRY_PAUSE).await;
                None
            }
        }
    }

    /// Returns the protocol version that the client uses.
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Returns a receiver of the current phase of the run.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.world.phase.subscribe()
    }

    /// Records an error as a violation unless the faults of a run may cause it.
    pub fn record_unexpected_error(&self, error: &ClientError) {
        let is_explained = match error {
            ClientError::Link(_) | ClientError::Closed | ClientError::Broken(_) | ClientError::Timeout(_) => {
                true
            }
            ClientError::Refused(connack) => TEMPORARY_REASONS.contains(&connack.reason),
            ClientError::Disconnected(disconnect) => TEMPORARY_REASONS.contains(&disconnect.reason),
            _ => false,
        };
        if !is_explained {
            self.world.ledger().violate(format!("{}: {error}", self.name));
        }
    }

    fn check_session(&self, is_present: bool, may_session_exist: bool) {
        if self.is_session_promised && !is_present {
            self.world.ledger().violate(format!("the session of {} is lost", self.name));
        }
        if !may_session_exist && is_present {
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

/// Returns the options of a connection with Clean Start over one transport.
pub fn options(world: &RunState, transport: Transport, version: ProtocolVersion, name: &str) -> Options {
    let target = world.routes.url(transport).parse().expect("a URL");
    let mut options = Options::new(target, version, name);
    options.tls.ca_files.push(world.authority.clone());
    options.connect.keep_alive = KEEP_ALIVE;
    options.connect_timeout = CONNECT_TIMEOUT;
    options
}

/// The reason codes with which the broker may refuse or end a connection under faults.
const TEMPORARY_REASONS: [ReasonCode; 6] = [
    ReasonCode::ServerUnavailable,
    ReasonCode::ServerBusy,
    ReasonCode::ServerShuttingDown,
    ReasonCode::KeepAliveTimeout,
    ReasonCode::SessionTakenOver,
    ReasonCode::QuotaExceeded,
];
/// Session Expiry Interval in seconds: one year. If the wall clock is wrong when the machine is restarted, the broker
/// may subtract up to a day.
const SESSION_EXPIRY: u32 = 31_536_000;
/// Keep Alive in seconds. The value is small, so that client and broker soon detect a network that forwards nothing.
const KEEP_ALIVE: u16 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RETRY_PAUSE: Duration = Duration::from_millis(50);
