//! What the tests of the retained store share: messages, and a replay taken to its end.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::{Filter, Name};
use tidegate_mqtt::{Message, MessageParts, QoS};

use crate::{RetainedConfig, RetainedStore};

pub(super) fn store() -> RetainedStore {
    RetainedStore::new(RetainedConfig::default())
}

/// Tests have one moment from which they reckon.
#[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
pub(super) fn start() -> Instant {
    Instant::now()
}

pub(super) fn expiring(topic: &str, payload: &str, expires_at: Option<Instant>) -> Arc<Message> {
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
    expiring(topic, payload, None)
}

/// Topics of a whole replay, `max` a call, in order of the topics. `between` runs after each call.
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
    while !cursor.done() {
        calls += 1;
        assert!(calls < 10_000, "a replay comes to its end");
        let found = store.next(&mut cursor, max, now);
        assert!(found.len() <= max);
        topics.extend(found.iter().map(|message| message.topic().to_string()));
        between();
    }
    topics.sort_unstable();
    topics
}
