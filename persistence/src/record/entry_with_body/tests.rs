//! Tests that encoding and decoding do not change an entry with its body, and that decoding truncated or arbitrary
//! bytes does not panic.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_mqtt::{Message, MessageParts, PacketId, QoS, topic};

use super::*;

fn stored(topic: &str, properties: &[u8], payload: &[u8], expires_at: Option<u64>) -> StoredMessage {
    let message = Message::from_parts(&MessageParts {
        topic: &topic::Name::parse(topic).unwrap(),
        properties,
        payload,
        qos: QoS::ExactlyOnce,
        retain: true,
        publisher: u64::MAX - 1,
        expires_at: None,
    });
    StoredMessage { message: Arc::new(message), expires_at }
}

fn bytes(record: &EntryRecord, body: &StoredMessage) -> Vec<u8> {
    let mut row = Vec::new();
    let entry_with_body = EntryWithBody::try_new(record, body).unwrap();
    entry_with_body.append_to(&mut row);
    assert_eq!(row.len(), entry_with_body.size());
    row
}

proptest! {
    #[test]
    fn entries_with_bodies_round_trip(
        topic in "[a-z/]{1,40}",
        values in prop::collection::vec("[a-z]{0,9}", 0..4),
        payload in prop::collection::vec(any::<u8>(), 0..200),
        expires_at in any::<Option<u64>>(),
        (retain, state) in (any::<bool>(), 0..3_u8),
        (packet_id, order) in (1..=u16::MAX, any::<u64>()),
    ) {
        let packet_id = PacketId::new(packet_id).unwrap();
        let properties = values.iter().flat_map(|value| user_property(value)).collect::<Vec<_>>();
        let state = match state {
            0 => EntryState::Queued,
            1 => EntryState::Sent { packet_id },
            _ => EntryState::Released { packet_id, order },
        };
        let record = EntryRecord { retain, state, ..EntryRecord::queued(QoS::AtLeastOnce) };
        let body = stored(&topic, &properties, &payload, expires_at);
        let (read, back) = EntryWithBody::read(&bytes(&record, &body)).unwrap();
        prop_assert_eq!(read, record);
        prop_assert_eq!(back.record(), body.record());
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(0..4_u8, 0..100)) {
        let _ = EntryWithBody::read(&bytes);
    }
}

#[test]
fn truncated_bytes_are_an_error() {
    let whole = bytes(&EntryRecord::queued(QoS::AtLeastOnce), &stored("topic", &[1, 1], &[], None));
    (0..whole.len()).for_each(|len| assert!(EntryWithBody::read(&whole[..len]).is_err(), "{len}"));
    assert!(EntryWithBody::read(&whole).is_ok());
}

#[test]
fn values_that_cannot_be_sent_are_an_error() {
    let queued = EntryRecord::queued(QoS::AtLeastOnce);
    // A payload format of 2, a property of CONNECT, one of a single receiver, and a truncated one.
    for properties in [&[1, 2][..], &[33, 0, 1], &[35, 0, 1], &[3, 0, 9]] {
        let row = bytes(&queued, &stored("topic", properties, b"1", None));
        assert_eq!(EntryWithBody::read(&row).err(), Some("invalid properties"), "{properties:?}");
    }
    let state = EntryState::Sent { packet_id: PacketId::MIN };
    let row =
        bytes(&EntryRecord { state, ..EntryRecord::queued(QoS::AtMostOnce) }, &stored("t", &[], b"", None));
    assert_eq!(EntryWithBody::read(&row).err(), Some("a packet id at QoS 0"));
}

fn user_property(value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    [&[38, 0, 1, b'k', 0, length], value.as_bytes()].concat()
}

#[test]
fn the_layout_cannot_represent_subscription_identifiers_or_a_share() {
    let body = stored("t", &[], &[], None);
    let plain = EntryRecord::queued(QoS::AtLeastOnce);
    let identified = EntryRecord { subscription_identifiers: Box::new([1]), ..plain.clone() };
    let shared = EntryRecord { shared_filter: Some(Arc::from("$share/g/t")), ..plain.clone() };
    let fits = |record| EntryWithBody::try_new(record, &body).is_some();
    assert_eq!((fits(&plain), fits(&identified), fits(&shared)), (true, false, false));
}
