//! Measures decoding and encoding of short QoS 0 PUBLISH packets: `cargo run --release --example parse_time`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_precision_loss
)]

use std::hint::black_box;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Message, OutgoingPublish, ProtocolVersion, PublishView};

const RUN_COUNT: u32 = 400;
const CALLS_PER_RUN: u32 = 10_000;

fn main() {
    for topic in ["a/b/c/d/10", "site/7/room/42/temp", "country/city/building/4/sensor/12"] {
        for size in [16, 64] {
            run(topic, &vec![b'x'; size]);
        }
    }
}

fn run(topic: &str, payload: &[u8]) {
    let outgoing = OutgoingPublish::plain(topic, payload);
    let mut wire = Vec::new();
    outgoing.encode(ProtocolVersion::V5, &mut wire);
    let both = time(|| parse(black_box(&wire)).topic.len());
    let Next::Frame(frame) = frame::next(&wire, ProtocolVersion::V5, 1 << 20).unwrap() else { return };
    let view_only = time(|| PublishView::parse(black_box(&frame), ProtocolVersion::V5).unwrap().topic.len());
    let now = Instant::now();
    let view = parse(&wire);
    let message = Message::from_view(&view, topic, 1, now);
    let create = time(|| Message::from_view(black_box(&view), topic, 1, now).size());
    let topic_time = time(|| black_box(&message).topic().len());
    let mut out = Vec::with_capacity(1024);
    let encode = time(|| {
        out.clear();
        OutgoingPublish::from_message(black_box(&message), now).encode(ProtocolVersion::V5, &mut out);
        out.len()
    });
    println!(
        "topic {:2} B, payload {:2} B: frame + view {both:5.1} ns, view {view_only:5.1} ns, message {create:5.1} ns, its topic {topic_time:4.1} ns, encode {encode:5.1} ns",
        topic.len(),
        payload.len()
    );
}

fn parse(wire: &[u8]) -> PublishView<'_> {
    match frame::next(wire, ProtocolVersion::V5, 1 << 20).unwrap() {
        Next::Frame(frame) => PublishView::parse(&frame, ProtocolVersion::V5).unwrap(),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

/// Returns the nanoseconds per call: the minimum of many short runs, to exclude the influence of other programs on the
/// machine.
fn time(mut work: impl FnMut() -> usize) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..RUN_COUNT {
        let start = Instant::now();
        for _ in 0..CALLS_PER_RUN {
            black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS_PER_RUN));
    }
    best
}
