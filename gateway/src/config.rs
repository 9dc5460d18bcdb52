//! The configuration: what `tidegate.yaml` may say, with a default for everything.
//! Text is parsed here and nowhere else; a `Config` cannot hold a wrong value.

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
pub use tls::{TlsError, certified_key};
pub use units::{Size, Time};

/// The whole configuration of one broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen. Left out: the loopback listeners of a start without a file, with the development
    /// certificate. An empty list is an error.
    pub listeners: Option<Located<Vec<Located<Listener>>>>,
    /// What the whole process allows, over all listeners.
    pub limits: Limits,
    /// Limits of one session and what the broker announces to clients.
    pub session: SessionLimits,
    /// How messages find their receivers.
    pub routing: Routing,
    /// Bounds of retained messages.
    pub retained: Retained,
    /// What survives a restart.
    pub persistence: Persistence,
    /// Threads that carry connections. Left out: one for each CPU the process may use. Each costs one thread and
    /// its buffers, some 100 KiB.
    pub cores: Option<Count<1, 1024>>,
    /// Which of those threads carry connections. Default `packed`.
    pub placement: Placement,
    /// How long a stop waits for connections to take what is already queued for them, before it closes them.
    /// Default 10s; 0 closes at once. Costs that much longer a restart at worst.
    pub drain_timeout: Time<0, 3_600_000>,
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
            drain_timeout: const { Time::of(10_000) },
            log: Log::default(),
        }
    }
}

impl Config {
    /// Where to listen; empty until [`development_listeners`] has filled in what the file left out.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().flat_map(|list| list.iter()).map(|listener| &**listener)
    }

    /// How many threads carry connections.
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
