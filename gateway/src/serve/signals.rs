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

/// The signals whose handlers are installed.
#[derive(Debug)]
pub(super) struct Handlers(Vec<(Signal, Handler)>);

impl Handlers {
    /// Installs the handlers of signals that must not end the broker during its start. Requests that such signals make
    /// during the start are carried out afterwards. SIGTERM, SIGINT and SIGQUIT end the process immediately during the
    /// start, because there are no connections to drain yet.
    ///
    /// # Errors
    /// If a handler cannot be installed.
    pub(super) fn install_for_start() -> io::Result<Self> {
        let mut handlers = Self(Vec::new());
        if is_ignored(SignalKind::hangup()) {
            tracing::info!("SIGHUP stays ignored (nohup): restart the broker to use new certificates");
        } else {
            handlers.install(Signal::Hangup)?;
        }
        handlers.install(Signal::User1)?;
        handlers.install(Signal::User2)?;
        handlers.install(Signal::Alarm)?;
        Ok(handlers)
    }

    /// Installs the other handlers, and starts the thread that receives all these signals. The thread runs until the
    /// process ends, so that a second SIGTERM works even while the main thread waits for something.
    ///
    /// # Errors
    /// If a handler cannot be installed, or the thread cannot be created.
    pub(super) fn listen(mut self) -> io::Result<Arc<Requests>> {
        self.install(Signal::Terminate)?;
        self.install(Signal::Interrupt)?;
        self.install(Signal::Quit)?;
        let requests = Arc::<Requests>::default();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = Arc::clone(&requests);
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(self.answer(&listener)))?;
        Ok(requests)
    }

    fn install(&mut self, name: Signal) -> io::Result<()> {
        self.0.push((name, signal(name.kind())?));
        Ok(())
    }

    async fn answer(mut self, requests: &Requests) {
        let mut state = State::default();
        loop {
            let signal = self.next().await;
            match state.decide(signal) {
                Decision::Stop => requests.stop.notify_one(),
                Decision::Reload => requests.reload.notify_one(),
                Decision::LogCounters => requests.log_counters.notify_one(),
                Decision::Ignore => tracing::info!(signal = signal.name(), "signal ignored"),
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
