//! Shared by the tests of the retained store: messages, and a complete replay.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::{Filter, Name};
use tidegate_mqtt::{Message, MessageParts, QoS};

use crate::{RetainedConfig, RetainedStore};

pub(super) fn store() -> RetainedStore {
    RetainedStore::new(RetainedConfig::default())
}

/// Returns the time to which tests add durations.
#[expect(clippy::disallowed_methods, reason = "there is no other way to create an Instant")]
pub(super) fn start() -> Instant {
    Instant::now()
}

pub(super) fn message_expiring_at(topic: &str, payload: &str, expires_at: Option<Instant>) -> Arc<Message> {
    Arc::new(Message::from_parts(&MessageParts {
        topic: &Name::parse(topic).unwrap(),
        properties: &[],
        payload: payload.as_bytes(),
        qos: QoS::AtMostOnce,
        retain: true,
        publisher: 1,
        expires_at,
    }))
}

pub(super) fn message(topic: &str, payload: &str) -> Arc<Message> {
    message_expiring_at(topic, payload, None)
}

/// Replays all matching messages with at most `max` messages per call, and returns their topics, sorted. `between` runs
/// after each call.
pub(super) fn replay(
    store: &RetainedStore,
    filter: &str,
    max: usize,
    now: Instant,
    mut between: impl FnMut(),
) -> Vec<String> {
    let mut cursor = RetainedStore::cursor(&Filter::parse(filter).unwrap());
    let mut topics = Vec::new();
    let mut calls = 0;
    while !cursor.is_done() {
        calls += 1;
        assert!(calls < 10_000, "a replay must end");
        let found = store.next(&mut cursor, max, now);
        assert!(found.len() <= max);
        topics.extend(found.iter().map(|message| message.topic().to_string()));
        between();
    }
    topics.sort_unstable();
    topics
}
