#![allow(clippy::panic)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use tracing_subscriber::fmt;

use super::Writer;
use crate::logging::Pipeline;
use crate::logging::queue::{QUEUE_BYTES_MAX, QueuedLines};

/// An output that fails with each of `errors` in turn, and afterwards accepts at most three bytes per call.
#[derive(Default)]
struct Output {
    errors: VecDeque<ErrorKind>,
    text: Vec<u8>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.errors.pop_front() {
            Some(error) => Err(error.into()),
            None => self.text.write(bytes.get(..3).unwrap_or(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_are_written_completely_if_the_output_accepts_parts_of_them() {
    let errors = [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::Interrupted];
    let (pipeline, mut writer) = writer(errors);
    pipeline.queue.push(b"one\n", QUEUE_BYTES_MAX);
    pipeline.queue.push(b"two\n", QUEUE_BYTES_MAX);
    writer.write_next();
    assert_eq!(text(&writer), "one\ntwo\n");
    assert_eq!(pipeline.queue.dropped(), 0);
}

#[test]
fn dropped_lines_are_reported_after_the_next_successful_write() {
    let (pipeline, mut writer) = writer([ErrorKind::BrokenPipe]);
    let log = fmt().json().with_writer(QueuedLines::new(Arc::clone(&pipeline))).finish();
    tracing::subscriber::with_default(log, || {
        pipeline.queue.push(b"lost\n", QUEUE_BYTES_MAX);
        pipeline.queue.push(b"lost\n", QUEUE_BYTES_MAX);
        writer.write_next();
        assert_eq!(pipeline.queue.dropped(), 2);
        pipeline.queue.push(b"written\n", QUEUE_BYTES_MAX);
        writer.write_next();
        assert_eq!(text(&writer), "written\n", "no report while the output fails: it would be dropped too");
        writer.write_next();
    });
    let text = text(&writer);
    let (_, report) = text.split_once('\n').unwrap_or_default();
    assert!(report.contains("log lines were dropped") && report.contains("\"lines\":2"), "{text}");
    assert_eq!(report.lines().count(), 1, "{text}");
}

fn writer<const COUNT: usize>(errors: [ErrorKind; COUNT]) -> (Arc<Pipeline>, Writer<Output>) {
    let pipeline = Arc::<Pipeline>::default();
    let output = Output { errors: VecDeque::from(errors), text: Vec::new() };
    (Arc::clone(&pipeline), Writer::new(pipeline, output))
}

fn text(writer: &Writer<Output>) -> String {
    String::from_utf8_lossy(&writer.output.text).into_owned()
}
