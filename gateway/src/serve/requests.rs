//! What signals ask the broker to do, and how the main thread does it.

use std::future::Future;
use std::pin::pin;
use std::time::SystemTime;

use tokio::sync::Notify;

use super::certificates::Certificates;
use crate::cores::Cores;
use crate::logging;

/// What signals ask the broker to do. Repeated requests count once until they are carried out.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Drain the connections and stop.
    pub(super) stop: Notify,
    /// Reload the certificates of the listeners.
    pub(super) reload: Notify,
    /// Log the counters.
    pub(super) log_counters: Notify,
}

/// Carries out what signals ask for, until `end` completes; returns its output. This thread is not a core: it may wait for files.
pub(super) async fn answer_until<T>(
    end: impl Future<Output = T>,
    requests: &Requests,
    certificates: &Certificates,
    cores: &Cores,
) -> T {
    let mut end = pin!(end);
    loop {
        tokio::select! {
            output = &mut end => return output,
            () = requests.reload.notified() => certificates.reload(SystemTime::now()),
            () = requests.log_counters.notified() => log_counters(cores),
        }
    }
}

/// Logs every counter that has counted something, one line each.
pub(super) fn log_counters(cores: &Cores) {
    let counters = cores.totals().list().into_iter().chain(logging::counters());
    for (name, value) in counters.filter(|(_, value)| *value > 0) {
        tracing::info!(counter = name, value, "counted");
    }
}
