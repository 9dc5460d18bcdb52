//! The signals that control the broker: installs their handlers, and turns them into requests.

mod decision;

use std::fs;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal as Handler, SignalKind, signal};

use super::requests::Requests;
use crate::logging;
use decision::{Decision, Signal, State};

/// Installs the handlers of all signals that control the broker, and starts the thread that receives these signals. The
/// thread runs until the process ends, so that a second SIGTERM works even while the main thread waits for something.
///
/// Must be called before the store is opened: until then, a signal has the effect that the system gives it, which is to
/// end the process, or none at all if this is the first process of a container. Until [`Requests::mark_started`] is
/// called, SIGTERM, SIGINT and SIGQUIT end the process at once, because there are no connections to drain yet. Requests
/// that other signals make during the start are carried out afterwards.
///
/// # Errors
/// If a handler cannot be installed, or the thread cannot be created.
pub(super) fn listen() -> io::Result<Arc<Requests>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handlers = runtime.block_on(async { Handlers::install() })?;
    let requests = Arc::<Requests>::default();
    let listener = Arc::clone(&requests);
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(handlers.answer(&listener)))?;
    Ok(requests)
}

/// The signals whose handlers are installed.
#[derive(Debug)]
struct Handlers(Vec<(Signal, Handler)>);

impl Handlers {
    fn install() -> io::Result<Self> {
        let mut handlers = Vec::new();
        for name in Signal::ALL {
            if name == Signal::Hangup && is_ignored(name.kind()) {
                tracing::info!("SIGHUP stays ignored (nohup): restart the broker to use new certificates");
            } else {
                handlers.push((name, signal(name.kind())?));
            }
        }
        Ok(Self(handlers))
    }

    async fn answer(mut self, requests: &Requests) {
        let mut state = State::default();
        loop {
            let signal = self.next().await;
            match state.decide(signal, requests.is_started()) {
                Decision::Stop => requests.stop.notify_one(),
                Decision::Reload => requests.reload.notify_one(),
                Decision::LogCounters => requests.log_counters.notify_one(),
                Decision::Ignore => tracing::info!(signal = signal.name(), "signal ignored"),
                Decision::EndStart => end_start(signal),
                Decision::EndAtOnce => end_at_once(signal),
            }
        }
    }

    async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (name, handler) in &mut self.0 {
                if handler.poll_recv(context).is_ready() {
                    return Poll::Ready(*name);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Ends the process immediately, because the operator stops the broker before it has opened its listeners. The store is
/// left as after a crash.
fn end_start(signal: Signal) -> ! {
    tracing::info!(signal = signal.name(), "stopped during the start, before any listener was open");
    logging::flush();
    std::process::exit(0)
}

/// Ends the process immediately, because the operator has sent a second signal to stop. The store is left as after a
/// crash: everything committed is on disk.
fn end_at_once(signal: Signal) -> ! {
    tracing::warn!(
        signal = signal.name(),
        "second signal to stop: ending at once, without waiting for clients; everything committed is on disk"
    );
    logging::flush();
    std::process::exit(1)
}

/// Whether this process was started with the signal ignored, as `nohup` does for SIGHUP. Reads `/proc`; `false` on
/// systems other than Linux.
fn is_ignored(kind: SignalKind) -> bool {
    fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| is_in_ignored_set(&status, kind.as_raw_value()))
}

/// Whether a signal is in the line `SigIgn:` of a process status. The line holds a hexadecimal number whose lowest bit
/// stands for signal 1, the next for signal 2, and so on.
fn is_in_ignored_set(status: &str, signal: i32) -> bool {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or_default();
    let bit = u32::try_from(signal - 1).ok().and_then(|shift| 1_u64.checked_shl(shift));
    bit.is_some_and(|bit| set & bit != 0)
}

#[cfg(test)]
mod tests;
