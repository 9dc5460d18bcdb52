//! Opens the store, and notifies the server when the files of the store are removed or replaced.

use std::path::Path;
use std::sync::Arc;

use tidegate_broker::SessionStore;
use tidegate_persistence::{Commit, Durability, Health, Observer, Reason, load_or_store_secret};
use tidegate_transports::quic::QuicSecret;
use tokio::sync::watch;

use super::{ServeError, settings};
use crate::clock::BrokerClocks;
use crate::config::{Config, Transport};
use crate::cores::Cores;

/// Holds a reason once the files of the store have been removed, renamed or replaced. Other failures of the store do
/// not end the broker, because operations that need no store still work, and the stored data still exists.
#[derive(Clone)]
pub(super) struct Displaced(watch::Receiver<Option<Reason>>);

/// The sending side of [`Displaced`].
pub(super) struct DisplacedSender(watch::Sender<Option<Reason>>);

/// An observer that passes all reports of the store on to the broker's observer, and notifies `displaced` when the
/// files of the store were removed, renamed or replaced.
struct HealthWatch {
    observer: Arc<dyn Observer>,
    displaced: DisplacedSender,
}

impl Displaced {
    /// Creates both sides of the channel.
    pub(super) fn channel() -> (DisplacedSender, Self) {
        let (sender, receiver) = watch::channel(None);
        (DisplacedSender(sender), Self(receiver))
    }

    /// Waits until the files of the store are removed, renamed or replaced. Never completes otherwise.
    pub(super) async fn wait(&mut self) -> Reason {
        loop {
            if let Some(reason) = &*self.0.borrow_and_update() {
                return reason.clone();
            }
            if self.0.changed().await.is_err() {
                // The sender was dropped, because there is no store.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Observer for HealthWatch {
    fn on_commit(&self, commit: Commit) {
        self.observer.on_commit(commit);
    }

    fn on_health_change(&self, health: &Health) {
        self.observer.on_health_change(health);
        if let Health::Failed(reason @ Reason::Displaced(_)) = health {
            self.displaced.0.send_replace(Some(reason.clone()));
        }
    }
}

/// Opens the store; `None` with `durability: memory`.
pub(super) fn open(
    config: &Config,
    data: &Path,
    cores: &Arc<Cores>,
    displaced: DisplacedSender,
) -> Result<Option<SessionStore>, ServeError> {
    let file = settings::store_file(data);
    let Some(settings) = settings::store_config(&config.persistence, data) else {
        if file.exists() {
            tracing::warn!(
                file = %file.display(),
                "`persistence.durability: memory` stores nothing; the existing store is left unchanged and is used again when \
                 another durability is configured"
            );
        }
        return Ok(None);
    };
    let cores = Arc::clone(cores);
    let on_commit = move || cores.announce_commit();
    let store = SessionStore::open(on_commit, |observer| {
        tidegate_persistence::open(
            &settings,
            Arc::new(BrokerClocks),
            Arc::new(HealthWatch { observer, displaced }),
        )
    });
    store.map(Some).map_err(|source| ServeError::Store { file, source })
}

/// Returns the secret of the QUIC listeners. The secret is kept with the store, so call this function while the store
/// is open. Without a store, the secret is random.
pub(super) fn quic_secret(config: &Config, data: &Path) -> QuicSecret {
    let fresh = QuicSecret::random();
    let is_used = config.listeners().any(|listener| listener.transport == Transport::Quic);
    if is_used && config.persistence.durability != Durability::Memory {
        load_or_store_secret(&settings::store_folder(data), fresh.to_bytes()).into()
    } else {
        fresh
    }
}
