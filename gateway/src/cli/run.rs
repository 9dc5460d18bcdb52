//! The tokio runtime of a client command, and the signals that end it.

use std::future::Future;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::config::{Level, Log, LogFormat};
use crate::logging;

/// Runs a client command to completion.
///
/// # Errors
/// When the command fails or the runtime cannot be created.
pub fn run(command: impl Future<Output = Result<(), Failure>>, is_debug: bool) -> Result<(), Failure> {
    let level = if is_debug { Level::Debug } else { Level::Error };
    logging::start_unbuffered(Log { format: LogFormat::Human, level });
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(command);
    // Do not wait for a thread that is blocked reading standard input.
    runtime.shutdown_background();
    done
}

/// Installs handlers for SIGINT and SIGTERM, and returns a future that completes when either arrives.
///
/// # Errors
/// When the handlers cannot be installed.
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
