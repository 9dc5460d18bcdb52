//! Measures the memory of an idle session with one subscription, with a counting allocator.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{AckKind, QoS, SubscriptionOptions};
use tidegate_session::{Config, Session};

use crate::pair::{SessionUnderTest, negotiate, persistent_connect, start};

/// Counts the bytes that this thread has allocated and not freed.
struct CountingAllocator;

thread_local! {
    static ALLOCATED_BYTES: Cell<usize> = const { Cell::new(0) };
}

fn update_count(change: impl FnOnce(usize) -> usize) {
    let _ = ALLOCATED_BYTES.try_with(|bytes| bytes.set(change(bytes.get())));
}

// SAFETY: every call is forwarded unchanged to the system allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        update_count(|bytes| bytes.wrapping_add(layout.size()));
        // SAFETY: the caller fulfils the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        update_count(|bytes| bytes.wrapping_sub(layout.size()));
        // SAFETY: the caller fulfils the contract of `GlobalAlloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn allocated_bytes() -> usize {
    ALLOCATED_BYTES.with(Cell::get)
}

const IDLE_SESSION_BYTES_MAX: usize = 600;

#[test]
fn an_idle_session_takes_at_most_600_bytes() {
    let config = Arc::new(Config::default());
    let negotiated = negotiate(persistent_connect(), &config);
    let filter = SubscriptionFilter::parse("devices/0123456789/#").unwrap();
    let now = start();
    let before = allocated_bytes();
    let mut session = Box::new(Session::new(1, config));
    let attached = session.attach(&negotiated, now);
    assert_eq!(
        session.send(&negotiated.connack(attached.session_present, &Config::default()).into()),
        Ok(true)
    );
    session.resume(now);
    let _ = session.subscribe(filter, SubscriptionOptions::with_qos(QoS::AtLeastOnce), None);
    drop(session.write_buffer().take(Vec::new()));
    drop(negotiated);
    let bytes = allocated_bytes().wrapping_sub(before);
    println!("idle session: {bytes} bytes, size_of {}", size_of::<Session>());
    assert!(bytes <= IDLE_SESSION_BYTES_MAX, "{bytes}");
}

#[test]
fn memory_is_freed_after_a_burst() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let before = allocated_bytes();
    for _ in 0..3000 {
        let _ = pair.push("topic", QoS::AtLeastOnce);
    }
    while pair.session.inflight() > 0 {
        let sent = pair.summary();
        assert!(!sent.is_empty(), "every message in flight was sent");
        for (_, id, _) in sent {
            pair.acknowledge(AckKind::PubAck, id);
        }
    }
    drop(pair.session.write_buffer().take(Vec::new()));
    let growth = allocated_bytes().wrapping_sub(before);
    assert!(growth < 4096, "{growth}");
    assert!(pair.session.memory() < 4096 + IDLE_SESSION_BYTES_MAX);
}
