//! What an idle session costs, measured at the allocator: one subscription, freshly attached.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{AckKind, QoS, SubscriptionOptions};
use tidegate_session::{Config, Session};

use crate::pair::{Pair, agree, lasting, start};

/// Counts the bytes this thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

fn count(change: impl FnOnce(usize) -> usize) {
    let _ = HELD.try_with(|held| held.set(change(held.get())));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|held| held.wrapping_add(layout.size()));
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(|held| held.wrapping_sub(layout.size()));
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn held() -> usize {
    HELD.with(Cell::get)
}

const IDLE_MAX: usize = 600;

#[test]
fn is_at_most_600_bytes() {
    let config = Arc::new(Config::default());
    let negotiated = agree(lasting(), &config);
    let filter = SubscriptionFilter::parse("devices/0123456789/#").unwrap();
    let now = start();
    let before = held();
    let mut session = Box::new(Session::new(1, config));
    let attached = session.attach(&negotiated, now);
    assert!(session.send(&negotiated.connack(attached.session_present, &Config::default()).into()));
    session.resume(now);
    let _ = session.subscribe(filter, SubscriptionOptions::of(QoS::AtLeastOnce), None);
    drop(session.write_buffer().take(Vec::new()));
    drop(negotiated);
    let bytes = held().wrapping_sub(before);
    println!("idle session: {bytes} bytes, size_of {}", size_of::<Session>());
    assert!(bytes <= IDLE_MAX, "{bytes}");
}

#[test]
fn comes_back_after_a_burst() {
    let mut pair = Pair::new(lasting());
    let before = held();
    for _ in 0..3000 {
        let _ = pair.push("topic", QoS::AtLeastOnce);
    }
    while pair.session.inflight() > 0 {
        let sent = pair.summary();
        assert!(!sent.is_empty(), "what is open was sent");
        for (_, id, _) in sent {
            pair.acknowledge(AckKind::PubAck, id);
        }
    }
    drop(pair.session.write_buffer().take(Vec::new()));
    let more = held().wrapping_sub(before);
    assert!(more < 4096, "{more}");
    assert!(pair.session.memory() < 4096 + IDLE_MAX);
}
