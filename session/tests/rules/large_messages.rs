//! Large payloads and properties are not copied for each client, and arrive whole.

use std::sync::Arc;

use tidegate_mqtt::{Connect, Message, MessageParts, ProtocolVersion, QoS, topic};
use tidegate_session::Verdict;

use crate::pair::{SessionUnderTest, start};

/// Returns one user property whose value has `len` bytes.
fn properties(len: u16) -> Vec<u8> {
    let value = vec![b'v'; len.into()];
    [&b"\x26\x00\x01n"[..], &len.to_be_bytes(), &value].concat()
}

fn message(properties: &[u8], payload: &[u8]) -> Arc<Message> {
    let topic = topic::Name::parse("large").unwrap();
    Arc::new(Message::from_parts(&MessageParts {
        topic: &topic,
        properties,
        payload,
        qos: QoS::AtLeastOnce,
        retain: false,
        publisher: 7,
        expires_at: Some(start() + std::time::Duration::from_secs(60)),
    }))
}

#[test]
fn any_size_of_properties_and_payload_arrives_in_every_version() {
    for version in ProtocolVersion::ALL {
        let mut pair = SessionUnderTest::new(Connect::new(version, "client"));
        for properties in [Vec::new(), properties(10), properties(3000)] {
            for payload in [&b""[..], b"small", &[7; 5000]] {
                let message = message(&properties, payload);
                for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
                    assert_eq!(pair.push_message(&message, qos), Verdict::Sent);
                }
                for publish in pair.published() {
                    assert_eq!((publish.topic.as_str(), &publish.payload[..]), ("large", payload));
                    let sent = publish
                        .properties
                        .user_properties
                        .iter()
                        .map(|(name, value)| (name.len(), value.len()));
                    let expected = if version.is_v5() { properties.len().checked_sub(6) } else { None };
                    assert_eq!(sent.collect::<Vec<_>>(), Vec::from_iter(expected.map(|len| (1, len))));
                }
            }
        }
    }
}

#[test]
fn what_is_shared_takes_no_memory_of_the_session() {
    let mut pair = SessionUnderTest::new(Connect::new(ProtocolVersion::V5, "client"));
    let before = pair.session.memory();
    let message = message(&properties(60_000), &[7; 60_000]);
    assert_eq!(pair.push_message(&message, QoS::AtMostOnce), Verdict::Sent);
    let grown = pair.session.memory() - before;
    assert!(grown < 4096, "{grown}");
}
