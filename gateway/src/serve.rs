//! Runs the broker: starts cores and listeners, handles signals, and shuts down in order.

mod accept;
mod certificates;
mod housekeeping;
mod requests;
mod settings;
mod signals;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::{Broker, CoreId, Hooks, RestoreError, StopReport};
use tidegate_persistence::{CloseError, OpenError, Reason};
use tidegate_transports::{CertificateHandle, Limits};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::clock;
use crate::config::Config;
use crate::cores::{Cores, Order, Threads, with_core};
use accept::Acceptor;
use certificates::Certificates;
use requests::{Requests, handle_requests_until, log_counters};
pub(crate) use settings::store_folder;
use store::Displaced;

/// The reason why the broker could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The threads, runtimes or signal handlers could not be created.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// The store could not be opened.
    #[error("store {file}: {source}")]
    Store {
        /// Its file.
        file: PathBuf,
        /// The cause.
        source: OpenError,
    },
    /// The files of the store were removed, renamed or replaced while the broker was running.
    #[error("stopping: {0}")]
    Displaced(Reason),
    /// The store was not closed cleanly at the stop.
    #[error("store {file}: {source}")]
    NotClosed {
        /// Its file.
        file: PathBuf,
        /// The cause.
        source: CloseError,
    },
    /// The broker's state could not be restored from the store.
    #[error("store {file}: {source}")]
    Restore {
        /// Its file.
        file: PathBuf,
        /// The cause.
        source: RestoreError,
    },
    /// A listener could not be opened.
    #[error("listener {name}: {source}")]
    Listener {
        /// The listener's name.
        name: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Runs the broker until SIGTERM, SIGINT or SIGQUIT, then closes the connections within `drain_timeout`. `hooks` take
/// part in the phases of each client's life.
///
/// # Errors
/// If the threads, the store or a listener cannot be set up, the files of the store are removed, or the store cannot be
/// closed cleanly.
pub fn run(config: &Config, data: &Path, hooks: Vec<Arc<dyn Hooks>>) -> Result<(), ServeError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let requests = signals::listen()?;
    let broker_config = settings::broker_config(config);
    tracing::info!(data = %data.display(), cores = config.cores(), "starting");
    let placement = settings::placement_policy(config.placement);
    let (sender, displaced) = Displaced::channel();
    let (broker, cores, threads) =
        Cores::start(config.cores(), broker_config.tenants_max, placement, Order::default(), |cores| {
            let store = store::open(config, data, &cores, sender)?;
            let broker = Arc::new(Broker::new(broker_config, store, clock::now()).with_hooks(hooks));
            broker
                .restore()
                .map_err(|source| ServeError::Restore { file: settings::store_file(data), source })?;
            Ok::<_, ServeError>(broker)
        })?;
    let quic = settings::quic_settings(&config.limits, store::quic_secret(config, data));
    let outcome = runtime.block_on(serve(config, &broker, &cores, &requests, displaced, quic));
    let closed = stop(&broker, threads, data);
    log_counters(&cores, &broker);
    outcome.and(closed)
}

/// Ends the cores and closes the store, after all connections have ended or the drain timeout has passed. If the store
/// cannot be closed cleanly only because the disk is full, this is not an error.
fn stop(broker: &Broker, threads: Threads, data: &Path) -> Result<(), ServeError> {
    let left = threads.stop(STOP_TIMEOUT);
    if left > 0 {
        tracing::warn!(threads = left, "some core threads did not end in time");
    }
    let StopReport { connections, store } = broker.finish_stop();
    if connections > 0 {
        tracing::warn!(connections, "some sessions still had a connection at the end");
    }
    match store {
        Ok(()) => tracing::info!("stopped"),
        Err(error) if error.reason().is_some_and(Reason::is_out_of_space) => {
            tracing::warn!(%error, "stopped; the last changes were not stored, and none of them was acknowledged");
        }
        Err(source) => return Err(ServeError::NotClosed { file: settings::store_file(data), source }),
    }
    Ok(())
}

async fn serve(
    config: &Config,
    broker: &Arc<Broker>,
    cores: &Arc<Cores>,
    requests: &Requests,
    mut displaced: Displaced,
    quic: settings::Quic,
) -> Result<(), ServeError> {
    requests.mark_started();
    let (stop, stopped) = watch::channel(false);
    let connections = TaskTracker::new();
    let limits = settings::transport_limits(&config.limits);
    let mut certificates = Certificates::default();
    for listener in config.listeners() {
        let session = settings::session_config(config, listener, &broker.config().session);
        let acceptor = Acceptor::new(listener, session, broker, cores, connections.clone());
        let certificate = open(listener, cores, acceptor, stopped.clone(), &limits, &quic)?;
        certificate.into_iter().for_each(|handle| certificates.add(listener, handle));
    }
    cores.spawn(ACCEPTING_CORE, housekeeping::schedule_restored(Arc::clone(broker)));
    cores.spawn(ACCEPTING_CORE, housekeeping::run(Arc::clone(broker)));
    tracing::info!("ready");
    let end = async {
        tokio::select! {
            () = requests.stop.notified() => (Ok(()), config.drain_timeout.duration()),
            reason = displaced.wait() => (Err(ServeError::Displaced(reason)), LOST_STORE_DRAIN_TIMEOUT),
        }
    };
    let (outcome, drain_timeout) = handle_requests_until(end, requests, &certificates, cores, broker).await;
    tracing::info!("stopping: no new connections");
    let _ = stop.send(true);
    let drained = drain(broker, cores, &connections, drain_timeout);
    handle_requests_until(drained, requests, &certificates, cores, broker).await;
    outcome
}

/// Opens one listener, which accepts connections from the network as soon as this function returns. Returns the handle
/// of the listener's certificate.
fn open(
    listener: &crate::config::Listener,
    cores: &Cores,
    acceptor: Acceptor,
    stopped: watch::Receiver<bool>,
    limits: &Limits,
    quic: &settings::Quic,
) -> Result<Option<CertificateHandle>, ServeError> {
    let failed = |source| ServeError::Listener { name: listener.name.to_string(), source };
    let settings = settings::listener_config(listener, quic).map_err(|error| failed(error.into()))?;
    let bound = tidegate_transports::bind(&settings, limits).map_err(|error| failed(error.into()))?;
    let address = bound.local_address();
    tracing::info!(listener = %*listener.name, transport = listener.transport.name(), %address, "listening");
    let certificate = bound.certificate();
    cores.spawn(ACCEPTING_CORE, acceptor.run(bound, stopped));
    Ok(certificate)
}

/// Asks every connection to end, and waits up to `limit` until they have ended.
async fn drain(broker: &Arc<Broker>, cores: &Cores, connections: &TaskTracker, limit: Duration) {
    connections.close();
    let open = connections.len();
    let stopping = Arc::clone(broker);
    // A turn can only run on a core.
    cores.spawn(ACCEPTING_CORE, async move {
        with_core(|core| core.run_turn(clock::now(), |turn, _| stopping.begin_stop(turn)));
    });
    match tokio::time::timeout(limit, connections.wait()).await {
        Ok(()) => tracing::info!(connections = open, "drained"),
        Err(_) => tracing::warn!(
            left = connections.len(),
            "drain timeout reached: closing the remaining connections"
        ),
    }
}

/// The core that accepts connections and polls the QUIC sockets.
const ACCEPTING_CORE: CoreId = CoreId(0);

/// Drain timeout of a broker whose store files were removed: time for the clients to receive DISCONNECT. Messages
/// waiting in the sessions are not delivered first, because without the store they cannot be marked as delivered.
const LOST_STORE_DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Time limit for the cores to end after the connections have been drained. A core then has nothing to wait for, so a
/// core that takes longer has a defect, and the process ends without it.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
