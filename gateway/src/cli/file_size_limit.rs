//! The file size limit of the process (`ulimit -f`): a write beyond it fails like a write to a full disk.

use std::io;

use rustix::process::Signal;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Installs a handler for SIGXFSZ, which the system sends when a write would exceed the limit. Without a handler, the
/// signal ends the process. With one, the write fails with EFBIG, so that the broker can refuse messages, and a command
/// can report the error and remove its incomplete file.
///
/// # Errors
/// If the handler cannot be installed.
pub(super) fn handle_signal() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let _context = runtime.enter();
    // Tokio never removes a handler that it has installed, so nothing has to wait for this signal.
    drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
    Ok(())
}
