//! Retained messages: replacing one of 10,000, and sending all 10,000 to a new subscription.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::{Filter, Name};
use tidegate_mqtt::{Message, MessageParts, QoS};
use tidegate_routing::{RetainedConfig, RetainedStore};

use crate::{Case, CaseSetup};

pub(crate) const CASES: &[CaseSetup] = &[set, replay];

/// Creates a retained message with a payload of 64 bytes.
pub(crate) fn message(topic: &str, qos: QoS) -> Arc<Message> {
    Arc::new(Message::from_parts(&MessageParts {
        topic: &Name::parse(topic).expect("a topic"),
        properties: &[],
        payload: &[7; 64],
        qos,
        retain: true,
        publisher: 1,
        expires_at: None,
    }))
}

fn filled_store() -> (RetainedStore, Vec<Arc<Message>>) {
    let topic = |number: usize| format!("plant/{}/line/{}/temperature", number % 1000, number / 1000);
    let messages: Vec<_> = (0..10_000).map(|number| message(&topic(number), QoS::AtMostOnce)).collect();
    let store = RetainedStore::new(RetainedConfig::default());
    for message in &messages {
        let _ = store.set(Arc::clone(message));
    }
    (store, messages)
}

fn set() -> Case {
    let (store, messages) = filled_store();
    Case::batch("retained/set one of 10,000 again", 10_000, move || {
        for message in &messages {
            let _ = black_box(store.set(Arc::clone(message)));
        }
    })
}

fn replay() -> Case {
    let (store, _) = filled_store();
    let filter = Filter::parse("plant/#").expect("a filter");
    let now = Instant::now();
    Case::batch("retained/replay one of 10,000", 10_000, move || {
        let mut cursor = RetainedStore::cursor(&filter);
        while !cursor.is_done() {
            store.visit_next(&mut cursor, 256, now, |message| {
                black_box(message);
                true
            });
        }
    })
}
