//! The requests that signals make: stop, reload the certificates, log the counters. The main thread carries them out.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tidegate_broker::Broker;
use tokio::sync::Notify;

use super::certificates::Certificates;
use crate::cores::Cores;
use crate::logging;

/// The requests that signals have made. A request that is repeated before it is carried out counts once.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Drain the connections and stop.
    pub(super) stop: Notify,
    /// Reload the certificates of the listeners.
    pub(super) reload: Notify,
    /// Log the counters.
    pub(super) log_counters: Notify,
    /// Whether the broker may have connections to drain.
    is_started: AtomicBool,
}

impl Requests {
    /// Records that the broker is about to open its listeners. From then on, it has connections to drain.
    pub(super) fn mark_started(&self) {
        self.is_started.store(true, Ordering::Release);
    }

    pub(super) fn is_started(&self) -> bool {
        self.is_started.load(Ordering::Acquire)
    }
}

/// Carries out requests until `end` completes, and returns the output of `end`. The calling thread must not be a core,
/// because reloading certificates blocks while files are read.
pub(super) async fn handle_requests_until<T>(
    end: impl Future<Output = T>,
    requests: &Requests,
    certificates: &Certificates,
    cores: &Cores,
    broker: &Broker,
) -> T {
    let mut end = pin!(end);
    loop {
        tokio::select! {
            output = &mut end => return output,
            () = requests.reload.notified() => certificates.reload(SystemTime::now()),
            () = requests.log_counters.notified() => log_counters(cores, broker),
        }
    }
}

/// Logs every counter that is not 0, one line each: the totals and, if there are several tenants, the counters of each.
pub(super) fn log_counters(cores: &Cores, broker: &Broker) {
    log_nonzero(cores.totals().list().into_iter().chain(logging::counters()), None);
    let tenants = broker.tenants();
    if tenants.clone().nth(1).is_none() {
        return;
    }
    for tenant in tenants {
        log_nonzero(cores.totals_of(tenant.id()).list(), Some(tenant.name()));
    }
}

fn log_nonzero(counters: impl IntoIterator<Item = (&'static str, u64)>, tenant: Option<&str>) {
    for (name, value) in counters.into_iter().filter(|(_, value)| *value > 0) {
        tracing::info!(counter = name, value, tenant, "counted");
    }
}
