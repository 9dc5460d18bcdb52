//! The lines that the log writes about itself.

use tracing::Level;

use super::limiter::Suppressed;

/// Reports lines that were dropped because the queue was full, they were too long, or they could not be written.
pub(super) fn log_dropped(lines: u64, total: u64) {
    tracing::warn!(
        lines,
        total,
        "log lines were dropped: standard error was not read fast enough, or a line was too long"
    );
}

/// Reports the lines of one kind that were suppressed.
pub(super) fn log_suppressed(suppressed: &Suppressed) {
    let Suppressed { level, lines, example } = suppressed;
    if *level > Level::INFO {
        tracing::debug!(lines, example, "similar lines caused by peers were suppressed");
    } else {
        tracing::warn!(lines, example, "similar lines caused by peers were suppressed");
    }
}
