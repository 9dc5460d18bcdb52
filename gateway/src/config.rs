//! The configuration file `tidegate.yaml`. Every field has a default. The file is parsed only here, and a `Config`
//! cannot hold a value outside its bounds.

mod book;
mod defaults;
mod effective;
mod error;
mod listener;
mod load;
mod located;
mod log;
mod placement;
mod positions;
mod schema;
mod tls;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_limits::units::{Count, Time};
use tidegate_routing::RetainedConfig;

pub use book::book;
pub use defaults::development_listeners;
pub use effective::{EffectiveSetting, effective};
pub use error::{ConfigError, Fault};
pub use listener::{Address, Listener, TlsFiles, Transport};
pub use load::{Loaded, load, parse};
pub use located::{Located, Position};
pub use log::{Level, Log, LogFormat};
pub use placement::Placement;
pub use positions::Positions;
pub use schema::schema;
pub use tls::{TlsError, certified_key, check_certificate};

/// The configuration of one broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The listeners. If omitted, every transport listens on loopback only, with a development certificate. An empty
    /// list is an error.
    pub listeners: Option<Located<Vec<Located<Listener>>>>,
    /// Limits of the whole process, over all listeners.
    pub limits: tidegate_limits::Config,
    /// Limits of one session, and the capabilities that the broker announces to clients.
    pub session: tidegate_session::Config,
    /// Routing of messages to subscribers.
    pub routing: tidegate_routing::Config,
    /// Limits of retained messages.
    pub retained: RetainedConfig,
    /// Which state survives a restart.
    pub persistence: tidegate_persistence::Config,
    /// Number of threads that serve connections. Default: one per CPU that the process may use. Each thread uses
    /// about 100 KiB for its buffers.
    pub cores: Option<Count<1, 1024>>,
    /// How connections are distributed over these threads. Default `packed`.
    pub placement: Placement,
    /// How long a shutdown waits for clients to receive the messages already queued for them, before it closes their
    /// connections. Default 10s; 0 closes them at once. A restart may take this much longer.
    pub drain_timeout: Time<0, 3_600_000>,
    /// Whether a private key that other users can read is an error instead of a warning. Default `false`.
    pub strict: bool,
    /// The log on standard error.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listeners: None,
            limits: tidegate_limits::Config::default(),
            session: tidegate_session::Config::default(),
            routing: tidegate_routing::Config::default(),
            retained: RetainedConfig::default(),
            persistence: tidegate_persistence::Config::default(),
            cores: None,
            placement: Placement::default(),
            drain_timeout: const { Time::from_millis(10_000) },
            strict: false,
            log: Log::default(),
        }
    }
}

impl Config {
    /// Returns the listeners; empty if the file omits them and [`development_listeners`] is not yet applied.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().flat_map(|list| list.iter()).map(|listener| &**listener)
    }

    /// Returns the limits of the sessions of a listener's connections: for each limit, the stricter of the general one
    /// and the listener's own.
    #[must_use]
    pub fn session_of(&self, listener: &Listener) -> tidegate_session::Config {
        match &listener.session {
            Some(own) => self.session.restricted_by(own),
            None => self.session.clone(),
        }
    }

    /// Returns the number of threads that serve connections.
    #[must_use]
    pub fn cores(&self) -> usize {
        match self.cores {
            Some(cores) => cores.to_usize(),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

#[cfg(test)]
mod tests;
