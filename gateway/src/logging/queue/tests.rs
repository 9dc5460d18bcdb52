#![allow(clippy::panic)]

use std::thread;
use std::time::{Duration, Instant};

use super::{DETAIL_BYTES_MAX, LINE_BYTES_MAX, LineQueue, QUEUE_BYTES_MAX};

#[test]
fn take_returns_all_lines_in_their_order() {
    let queue = LineQueue::default();
    queue.push(b"one\n", QUEUE_BYTES_MAX);
    queue.push(b"two\n", QUEUE_BYTES_MAX);
    let mut batch = Vec::new();
    assert_eq!(queue.take(&mut batch, None), 2);
    assert_eq!(batch, b"one\ntwo\n");
    assert_eq!(queue.dropped(), 0);
}

#[test]
fn a_full_queue_drops_new_lines_and_counts_them() {
    let queue = LineQueue::default();
    let line = [b'x'; 1024];
    for _ in 0..QUEUE_BYTES_MAX / line.len() + 5 {
        queue.push(&line, QUEUE_BYTES_MAX);
    }
    assert_eq!(queue.dropped(), 5);
    let mut batch = Vec::new();
    let _ = queue.take(&mut batch, None);
    assert_eq!(batch.len(), QUEUE_BYTES_MAX);
    queue.push(&line, QUEUE_BYTES_MAX);
    assert_eq!(queue.dropped(), 5, "there is room again");
}

#[test]
fn debug_and_trace_lines_leave_room_for_other_lines() {
    let queue = LineQueue::default();
    let line = [b'x'; 1024];
    for _ in 0..QUEUE_BYTES_MAX {
        queue.push(&line, DETAIL_BYTES_MAX);
    }
    let dropped = queue.dropped();
    queue.push(b"stopped\n", QUEUE_BYTES_MAX);
    assert_eq!(queue.dropped(), dropped);
}

#[test]
fn a_line_that_is_too_long_is_dropped() {
    let queue = LineQueue::default();
    queue.push(&vec![b'x'; LINE_BYTES_MAX + 1], QUEUE_BYTES_MAX);
    assert_eq!(queue.dropped(), 1);
    queue.push(&vec![b'x'; LINE_BYTES_MAX], QUEUE_BYTES_MAX);
    assert_eq!(queue.dropped(), 1);
}

#[test]
fn take_waits_for_a_line_only_until_the_deadline() {
    let queue = LineQueue::default();
    assert_eq!(queue.take(&mut Vec::new(), Some(Instant::now())), 0);
}

#[test]
fn the_queue_counts_as_empty_only_once_its_lines_are_written() {
    let queue = LineQueue::default();
    assert!(queue.wait_until_empty(Duration::ZERO), "nothing was logged");
    queue.push(b"stopped\n", QUEUE_BYTES_MAX);
    assert!(!queue.wait_until_empty(Duration::ZERO), "the line waits");
    let _ = queue.take(&mut Vec::new(), None);
    assert!(!queue.wait_until_empty(Duration::ZERO), "the line is being written");
    let _ = queue.take(&mut Vec::new(), Some(Instant::now()));
    assert!(
        queue.wait_until_empty(Duration::ZERO),
        "the writer has called `take` again, so it has written the line"
    );
}

#[test]
fn a_thread_that_waits_for_an_empty_queue_is_woken() {
    let queue = LineQueue::default();
    queue.push(b"stopped\n", QUEUE_BYTES_MAX);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.wait_until_empty(Duration::from_secs(60)));
        let mut batch = Vec::new();
        let _ = queue.take(&mut batch, None);
        let _ = queue.take(&mut batch, Some(Instant::now()));
        assert!(waiting.join().is_ok_and(|is_empty| is_empty));
    });
}
