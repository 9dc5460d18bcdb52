//! The thread that writes the queued lines to standard error, and reports lines that were dropped or suppressed.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Pipeline, reports};

/// Writes the lines of a pipeline to `output`. No other thread ever waits for `output`.
pub(super) struct Writer<W> {
    pipeline: Arc<Pipeline>,
    output: W,
    batch: Vec<u8>,
    /// The number of dropped lines that the log has reported so far.
    reported_drops: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(pipeline: Arc<Pipeline>, output: W) -> Self {
        Self { pipeline, output, batch: Vec::new(), reported_drops: 0 }
    }

    /// Writes lines until the process ends.
    pub(super) fn run(&mut self) {
        loop {
            self.write_next();
        }
    }

    /// Waits for lines, or for the time of the next report, and writes the lines. Reports are logged like any other
    /// line, so they are written with the next batch.
    pub(super) fn write_next(&mut self) {
        let lines = self.pipeline.queue.take(&mut self.batch, self.pipeline.peer_lines.next_report());
        match write_all(&mut self.output, &self.batch) {
            Ok(()) => self.report_dropped(),
            // The lines of this batch are lost. The next batch tries to write again.
            Err(_) => self.pipeline.queue.count_dropped(lines),
        }
        for suppressed in self.pipeline.peer_lines.take_report(Instant::now()) {
            reports::log_suppressed(&suppressed);
        }
    }

    /// Logs how many lines were dropped since the last report. Must be called only after a successful write: otherwise
    /// the report itself would be dropped, and then counted and reported in turn.
    fn report_dropped(&mut self) {
        let dropped = self.pipeline.queue.dropped();
        if dropped > self.reported_drops {
            reports::log_dropped(dropped - self.reported_drops, dropped);
            self.reported_drops = dropped;
        }
    }
}

/// Writes all bytes, like [`Write::write_all`], but waits if `output` is in non-blocking mode and full. Another process
/// that shares the pipe or terminal may have set this mode.
fn write_all(output: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_INTERVAL),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Time between two attempts to write to a full output in non-blocking mode. It is short enough to keep up with a
/// reader, and costs next to no processor time.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
