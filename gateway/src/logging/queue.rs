//! The bounded queue between the threads that log and the thread that writes. When the queue is full, new lines are
//! dropped and counted.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::Pipeline;

/// The lines that wait to be written.
#[derive(Debug, Default)]
pub(super) struct LineQueue {
    waiting: Mutex<Waiting>,
    /// Notified when the first line is put into the empty queue.
    filled: Condvar,
    /// Notified when the queue is empty and the writer has written all lines that it took.
    emptied: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    line_count: u64,
    /// Whether the writer has lines that it took and has not finished.
    is_writing: bool,
}

impl LineQueue {
    /// Appends a line. Drops and counts the line if it is too long, or would make the queue longer than `bytes_max`.
    /// Never blocks.
    pub(super) fn push(&self, line: &[u8], bytes_max: usize) {
        let mut waiting = self.waiting.lock();
        if line.len() > LINE_BYTES_MAX || waiting.bytes.len() + line.len() > bytes_max {
            drop(waiting);
            return self.count_dropped(1);
        }
        waiting.bytes.extend_from_slice(line);
        waiting.line_count += 1;
        if waiting.line_count == 1 {
            self.filled.notify_one();
        }
    }

    /// Counts lines that are lost.
    pub(super) fn count_dropped(&self, lines: u64) {
        self.dropped.fetch_add(lines, Ordering::Relaxed);
    }

    /// Returns the number of lines dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Moves all lines into `batch` and returns their number. If the queue is empty, waits for a line until `deadline`.
    /// Until the next call, the lines count as being written.
    pub(super) fn take(&self, batch: &mut Vec<u8>, deadline: Option<Instant>) -> u64 {
        batch.clear();
        batch.shrink_to(LINE_BYTES_MAX);
        let mut waiting = self.waiting.lock();
        if waiting.line_count == 0 {
            waiting.is_writing = false;
            self.emptied.notify_all();
            let is_empty = |waiting: &mut Waiting| waiting.line_count == 0;
            match deadline {
                Some(deadline) => drop(self.filled.wait_while_until(&mut waiting, is_empty, deadline)),
                None => self.filled.wait_while(&mut waiting, is_empty),
            }
        }
        waiting.is_writing = waiting.line_count > 0;
        std::mem::swap(&mut waiting.bytes, batch);
        std::mem::take(&mut waiting.line_count)
    }

    /// Waits until all lines are written, for at most `limit`. Returns whether all lines are written.
    pub(super) fn wait_until_empty(&self, limit: Duration) -> bool {
        let is_busy = |waiting: &mut Waiting| waiting.line_count > 0 || waiting.is_writing;
        !self.emptied.wait_while_for(&mut self.waiting.lock(), is_busy, limit).timed_out()
    }
}

/// Puts the lines of `tracing` into the queue.
pub(super) struct QueuedLines(Arc<Pipeline>);

impl QueuedLines {
    pub(super) fn new(pipeline: Arc<Pipeline>) -> Self {
        Self(pipeline)
    }
}

impl<'a> MakeWriter<'a> for QueuedLines {
    type Writer = QueuedLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        QueuedLine { queue: &self.0.queue, bytes_max: QUEUE_BYTES_MAX }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        let bytes_max = if *metadata.level() > Level::INFO { DETAIL_BYTES_MAX } else { QUEUE_BYTES_MAX };
        QueuedLine { queue: &self.0.queue, bytes_max }
    }
}

/// Puts one line into the queue. `tracing_subscriber` writes each line in one call.
pub(super) struct QueuedLine<'a> {
    queue: &'a LineQueue,
    bytes_max: usize,
}

impl io::Write for QueuedLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.bytes_max);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Maximum number of bytes in the queue, about 5,000 lines: more than the broker logs at level `info` while a reader
/// restarts. In addition, the writer may have taken a batch of the same size.
pub(super) const QUEUE_BYTES_MAX: usize = 1024 * 1024;
/// Maximum number of bytes in the queue at which lines of level `debug` and `trace` are still appended. This limit
/// leaves room for more important lines.
pub(super) const DETAIL_BYTES_MAX: usize = QUEUE_BYTES_MAX / 2;
/// Maximum number of bytes of a line. Lines of this broker are far shorter, but libraries quote up to 64 KiB of a
/// peer's input.
const LINE_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests;
