//! Measures the retained store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::topic::{Filter, Name};
use tidegate_mqtt::{Message, MessageParts, QoS};
use tidegate_routing::{RetainedConfig, RetainedStore, Verdict};

use crate::count;

fn message(topic: &str) -> Arc<Message> {
    Arc::new(Message::from_parts(&MessageParts {
        topic: &Name::parse(topic).unwrap(),
        properties: &[],
        payload: b"21.5",
        qos: QoS::AtMostOnce,
        retain: true,
        publisher: 1,
        expires_at: None,
    }))
}

/// Stores a million messages and replays several filters.
pub fn measure() {
    const MESSAGE_COUNT: usize = 1_000_000;
    let messages: Vec<_> = (0..MESSAGE_COUNT)
        .map(|number| message(&format!("site-{}/device-{number}/status", number % 200)))
        .collect();
    let before = count::allocated_bytes();
    let store = RetainedStore::new(RetainedConfig::default());
    let begun = Instant::now();
    for message in &messages {
        assert_eq!(store.set(Arc::clone(message)), Verdict::Stored);
    }
    let rate = MESSAGE_COUNT as f64 / begun.elapsed().as_secs_f64() / 1000.0;
    println!(
        "{MESSAGE_COUNT} retained: set {rate:.0}k/s, {} bytes each besides the message",
        (count::allocated_bytes() - before) / MESSAGE_COUNT
    );
    for filter in
        ["#", "site-7/#", "site-7/+/status", "site-7/+/other", "+/device-7/status", "site-7/device-7/status"]
    {
        let mut cursor = RetainedStore::cursor(&Filter::parse(filter).unwrap());
        let (mut found, mut calls, mut longest) = (0, 0, Duration::ZERO);
        let begun = Instant::now();
        while !cursor.is_done() {
            let call = Instant::now();
            found += store.next(&mut cursor, 100, call).len();
            longest = longest.max(call.elapsed());
            calls += 1;
        }
        let took = begun.elapsed();
        println!("  {filter}: {found} found in {took:?}, {calls} calls of 100, longest {longest:?}");
    }
}
