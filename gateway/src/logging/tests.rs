#![allow(clippy::panic)]

use std::panic;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tracing_subscriber::fmt;

use super::queue::{QUEUE_BYTES_MAX, QueuedLines};
use super::{FLUSH_TIMEOUT, FlushGuard, Pipeline, log_panic};

/// In this test, no thread writes the lines, as if standard error were a pipe that nobody reads.
#[test]
fn flush_waits_for_queued_lines_until_the_time_limit() {
    let pipeline = Arc::<Pipeline>::default();
    pipeline.queue.push(b"stopped\n", QUEUE_BYTES_MAX);
    let start = Instant::now();
    drop(FlushGuard(pipeline));
    let wait_time = start.elapsed();
    assert!((FLUSH_TIMEOUT..FLUSH_TIMEOUT * 20).contains(&wait_time), "{wait_time:?}");
}

#[test]
fn flush_returns_immediately_when_all_lines_are_written() {
    let start = Instant::now();
    drop(FlushGuard(Arc::default()));
    assert!(start.elapsed() < FLUSH_TIMEOUT);
}

/// The panic hook applies to the whole process. This does not affect other tests, because nextest runs each test in a
/// separate process.
#[test]
fn a_panic_is_queued_like_any_line() {
    let pipeline = Arc::<Pipeline>::default();
    let subscriber = fmt().with_ansi(false).with_writer(QueuedLines::new(Arc::clone(&pipeline))).finish();
    panic::set_hook(Box::new(log_panic));
    let thread = thread::Builder::new().name("core-7".to_owned());
    let thread = thread.spawn(|| tracing::subscriber::with_default(subscriber, || panic!("a defect")));
    assert!(thread.unwrap().join().is_err());
    let mut lines = Vec::new();
    pipeline.queue.take(&mut lines, Some(Instant::now()));
    let text = String::from_utf8(lines).unwrap();
    assert!(text.contains("ERROR") && text.contains("core-7") && text.contains("a defect"), "{text}");
}
