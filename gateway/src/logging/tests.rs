#![allow(clippy::panic)]

use std::sync::Arc;
use std::time::Instant;

use super::queue::QUEUE_BYTES_MAX;
use super::{FLUSH_TIMEOUT, FlushGuard, Pipeline};

/// No thread writes the lines, as if standard error were a pipe that nobody reads.
#[test]
fn the_end_of_the_process_waits_for_queued_lines_until_the_time_limit() {
    let pipeline = Arc::<Pipeline>::default();
    pipeline.queue.push(b"stopped\n", QUEUE_BYTES_MAX);
    let start = Instant::now();
    drop(FlushGuard(pipeline));
    let took = start.elapsed();
    assert!((FLUSH_TIMEOUT..FLUSH_TIMEOUT * 20).contains(&took), "{took:?}");
}

#[test]
fn the_process_ends_at_once_when_all_lines_are_written() {
    let start = Instant::now();
    drop(FlushGuard(Arc::default()));
    assert!(start.elapsed() < FLUSH_TIMEOUT);
}
