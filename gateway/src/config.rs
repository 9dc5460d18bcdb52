//! The configuration file `tidegate.yaml`. Every field has a default. The file is parsed only here, and a `Config`
//! cannot hold a value outside its bounds.

mod count;
mod defaults;
mod error;
mod limits;
mod listener;
mod load;
mod located;
mod log;
mod persistence;
mod placement;
mod retained;
mod routing;
mod schema;
mod session;
mod tls;
mod units;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use count::Count;
pub use defaults::development_listeners;
pub use error::{ConfigError, Fault};
pub use limits::Limits;
pub use listener::{Address, Listener, TlsFiles, Transport};
pub use load::{Loaded, load, parse};
pub use located::{Located, Position};
pub use log::{Level, Log, LogFormat};
pub use persistence::{Durability, Persistence};
pub use placement::Placement;
pub use retained::Retained;
pub use routing::{Routing, SharedStrategy};
pub use schema::schema;
pub use session::{Overflow, SessionExpiry, SessionLimits};
pub use tls::{TlsError, certified_key, check_certificate};
pub use units::{Size, Time};

/// The configuration of one broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The listeners. If omitted, every transport listens on loopback only, with a development certificate. An empty
    /// list is an error.
    pub listeners: Option<Located<Vec<Located<Listener>>>>,
    /// Limits of the whole process, over all listeners.
    pub limits: Limits,
    /// Limits of one session, and the capabilities that the broker announces to clients.
    pub session: SessionLimits,
    /// Routing of messages to subscribers.
    pub routing: Routing,
    /// Limits of retained messages.
    pub retained: Retained,
    /// Which state survives a restart.
    pub persistence: Persistence,
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
            limits: Limits::default(),
            session: SessionLimits::default(),
            routing: Routing::default(),
            retained: Retained::default(),
            persistence: Persistence::default(),
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
