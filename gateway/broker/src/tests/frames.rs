//! One batch of QoS 1 frames is delivered to every kind of subscriber: as frames, as re-encoded QoS 0 frames, or as
//! messages.

use tidegate_mqtt::{Packet, ProtocolVersion, Publish, QoS};
use tidegate_session::Config as SessionConfig;

use super::{Published, TestBroker, take_packets_as};
use crate::Attachment;

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;
const PAYLOADS: [&[u8]; 3] = [b"1", b"22", b"333"];

fn publishes(attachment: &Attachment, version: ProtocolVersion) -> Vec<Publish> {
    let publish = |packet| match packet {
        Packet::Publish(publish) => Some(*publish),
        _ => None,
    };
    take_packets_as(attachment, version).into_iter().filter_map(publish).collect()
}

/// Checks that a subscriber granted QoS `granted` received all of `PAYLOADS`.
fn check_received(attachment: &Attachment, version: ProtocolVersion, granted: QoS) {
    let received = publishes(attachment, version);
    let ids: Vec<_> = received.iter().map(|publish| publish.packet_id.map_or(0, |id| id.get())).collect();
    let payloads: Vec<_> = received.iter().map(|publish| publish.payload.to_vec()).collect();
    assert_eq!(payloads, PAYLOADS);
    assert_eq!(ids, if granted == QoS::AtMostOnce { [0; 3] } else { [1, 2, 3] }, "{version:?} {granted:?}");
    let qos = granted.min(QoS::AtLeastOnce);
    assert!(
        received
            .iter()
            .all(|publish| publish.qos == qos && !publish.dup && !publish.retain && publish.topic == "a/b")
    );
}

#[test]
fn every_kind_of_subscriber_gets_the_whole_batch() {
    [V5, V3].into_iter().for_each(publish_to_every_kind);
}

fn publish_to_every_kind(publisher_version: ProtocolVersion) {
    let mut test_broker = TestBroker::new(SessionConfig::default());
    let publisher = test_broker.attach("publisher", |_| {});
    let mut subscribers = Vec::new();
    for version in [V5, V3] {
        for granted in QoS::ALL {
            for expiry in [None, Some(60)] {
                let id = format!("{version:?}-{granted:?}-{expiry:?}");
                let attachment = test_broker.attach(&id, |connect| {
                    connect.version = version;
                    connect.clean_start = expiry.is_none() || version == V5;
                    connect.session_expiry = expiry.filter(|_| version == V5);
                });
                test_broker.subscribe(&attachment, "a/#", granted);
                subscribers.push((attachment, version, granted));
            }
        }
    }
    let published =
        test_broker.publish_with_version(publisher_version, &publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS);
    assert_eq!(published, Published::Delivered);
    for (attachment, version, granted) in &subscribers {
        check_received(attachment, *version, *granted);
    }
    let copies = u64::try_from(subscribers.len() * PAYLOADS.len()).unwrap();
    assert_eq!(test_broker.totals().messages_sent, copies);
}

#[test]
fn frames_are_not_decoded_into_messages_unless_a_session_stores_them() {
    let mut test_broker = TestBroker::new(SessionConfig::default());
    let publisher = test_broker.attach("publisher", |_| {});
    for granted in QoS::ALL {
        let subscriber = test_broker.attach(&format!("{granted:?}"), |_| {});
        test_broker.subscribe(&subscriber, "a/b", granted);
    }
    assert_eq!(test_broker.publish(&publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS), Published::Delivered);
    assert_eq!(
        (test_broker.totals().messages_sent, test_broker.workspace.scratch.messages.capacity()),
        (9, 0)
    );
    let persistent = test_broker.attach("persistent", |connect| connect.session_expiry = Some(60));
    test_broker.subscribe(&persistent, "a/b", QoS::AtLeastOnce);
    assert_eq!(test_broker.publish(&publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS), Published::Delivered);
    assert!(test_broker.workspace.scratch.messages.capacity() > 0);
}

#[test]
fn a_publish_without_subscribers_is_unmatched() {
    let mut test_broker = TestBroker::new(SessionConfig::default());
    let publisher = test_broker.attach("publisher", |_| {});
    assert_eq!(test_broker.publish(&publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS), Published::Unmatched);
    assert_eq!(test_broker.totals().unmatched, 3);
    assert_eq!(test_broker.publish(&publisher, "$a", QoS::AtLeastOnce, &PAYLOADS), Published::Forbidden);
}

#[test]
fn messages_beyond_the_in_flight_window_are_queued() {
    let mut test_broker = TestBroker::new(SessionConfig { inflight_max: 2, ..SessionConfig::default() });
    let publisher = test_broker.attach("publisher", |_| {});
    let subscriber = test_broker.attach("subscriber", |_| {});
    test_broker.subscribe(&subscriber, "a/b", QoS::AtLeastOnce);
    assert_eq!(test_broker.publish(&publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS), Published::Delivered);
    let sent: Vec<_> = publishes(&subscriber, V5).iter().map(|publish| publish.payload.to_vec()).collect();
    assert_eq!(sent, PAYLOADS[..2]);
    assert_eq!(subscriber.owner.handle.lock().session.queued(), 1);
    let totals = test_broker.totals();
    assert_eq!((totals.messages_sent, totals.messages_queued), (2, 1));
}
