//! One runtime for a client command, and the signals that end it.

use std::future::Future;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::config::{Level, Log, LogFormat};
use crate::logging;

/// Runs a client command to its end.
///
/// # Errors
/// Those of the command, or when there can be no runtime.
pub fn run(command: impl Future<Output = Result<(), Failure>>, is_debug: bool) -> Result<(), Failure> {
    let level = if is_debug { Level::Debug } else { Level::Error };
    logging::start(Log { format: LogFormat::Human, level });
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(command);
    // A thread may still wait for standard input, which may never come.
    runtime.shutdown_background();
    done
}

/// SIGINT or SIGTERM, from the call on: the future waits for it.
///
/// # Errors
/// When signals cannot be received.
pub fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
