//! A running broker: cores, listeners, and an orderly end on SIGTERM or SIGINT.

mod accept;
mod housekeeping;
mod settings;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tidegate_persistence::OpenError;
use tidegate_transports::Limits;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::broker::{Broker, RestoreError, SessionStore};
use crate::config::Config;
use crate::cores::{CoreId, Cores};
use accept::Acceptor;
pub(crate) use settings::store_folder;

/// Why the broker could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Threads, runtimes or signals could not be set up.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// The store could not be opened.
    #[error("store {file}: {source}")]
    Store {
        /// Its file.
        file: PathBuf,
        /// What went wrong.
        source: OpenError,
    },
    /// What the store kept cannot be had back.
    #[error("store {file}: {source}")]
    Restore {
        /// Its file.
        file: PathBuf,
        /// What went wrong.
        source: RestoreError,
    },
    /// A listener could not be opened.
    #[error("listener {name}: {source}")]
    Listener {
        /// The listener's name.
        name: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Serves until a signal ends it; then drains within the configured time.
///
/// # Errors
/// When a listener or the threads cannot be set up. Nothing is served then.
pub fn run(config: &Config, data: &Path) -> Result<(), ServeError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let broker_config = settings::broker(config);
    tracing::info!(data = %data.display(), cores = config.cores(), "starting");
    let (broker, threads) = Cores::start(config.cores(), settings::placement(config.placement), |cores| {
        let keeper = keeper(config, data, &cores)?;
        let broker = Arc::new(Broker::new(broker_config, cores, keeper));
        broker
            .restore()
            .map_err(|source| ServeError::Restore { file: settings::store_file(data), source })?;
        Ok::<_, ServeError>(broker)
    })?;
    let outcome = runtime.block_on(serve(config, &broker));
    threads.stop(STOP_TIMEOUT);
    for (name, value) in broker.cores().totals().list().into_iter().filter(|(_, value)| *value > 0) {
        tracing::info!(counter = name, value, "counted");
    }
    outcome
}

/// Opens the store, if anything is kept.
fn keeper(config: &Config, data: &Path, cores: &Arc<Cores>) -> Result<Option<SessionStore>, ServeError> {
    let Some(store) = settings::store(&config.persistence, data) else {
        let file = settings::store_file(data);
        if file.exists() {
            tracing::warn!(
                file = %file.display(),
                "nothing is kept with `memory`; the store that is there is left as it is, and comes back with another durability"
            );
        }
        return Ok(None);
    };
    let keeper = SessionStore::open(cores, |observer| tidegate_persistence::open(&store, observer));
    keeper.map(Some).map_err(|source| ServeError::Store { file: settings::store_file(data), source })
}

async fn serve(config: &Config, broker: &Arc<Broker>) -> Result<(), ServeError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    let connections = TaskTracker::new();
    let limits = settings::limits(&config.limits);
    for listener in config.listeners() {
        let acceptor = Acceptor::new(listener, Arc::clone(broker), connections.clone());
        open(listener, broker, acceptor, stopped.clone(), &limits)?;
    }
    broker.cores().spawn(ACCEPTING_CORE, housekeeping::resume(Arc::clone(broker)));
    broker.cores().spawn(ACCEPTING_CORE, housekeeping::run(Arc::clone(broker)));
    tracing::info!("ready");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: no new connections");
    let _ = stop.send(true);
    drain(broker, &connections, config.drain_timeout.duration()).await;
    Ok(())
}

/// Opens one listener; when this returns, it listens.
fn open(
    listener: &crate::config::Listener,
    broker: &Arc<Broker>,
    acceptor: Acceptor,
    stopped: watch::Receiver<bool>,
    limits: &Limits,
) -> Result<(), ServeError> {
    let failed = |source| ServeError::Listener { name: listener.name.to_string(), source };
    let settings = settings::listener(listener).map_err(|error| failed(error.into()))?;
    let bound = tidegate_transports::bind(&settings, limits).map_err(|error| failed(error.into()))?;
    let address = bound.local_address();
    tracing::info!(listener = %*listener.name, transport = listener.transport.name(), %address, "listening");
    broker.cores().spawn(ACCEPTING_CORE, acceptor.run(bound, stopped));
    Ok(())
}

/// Tells every client, and waits for their connections to end, but not for ever.
async fn drain(broker: &Broker, connections: &TaskTracker, limit: Duration) {
    connections.close();
    broker.shut_down();
    let open = connections.len();
    match tokio::time::timeout(limit, connections.wait()).await {
        Ok(()) => tracing::info!(connections = open, "drained"),
        Err(_) => tracing::warn!(left = connections.len(), "drain timeout: closing the rest"),
    }
}

/// The core that accepts connections and carries the QUIC sockets.
const ACCEPTING_CORE: CoreId = CoreId(0);

/// How long the cores may take to end once all connections are gone or given up.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
