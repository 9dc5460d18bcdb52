//! One run of QoS 1 frames to subscribers of every kind: as frames, as frames at QoS 0, as messages.

use tidegate_mqtt::{Packet, ProtocolVersion, Publish, QoS};
use tidegate_session::Config as SessionConfig;

use super::{Published, TestBroker, outbox_of};
use crate::Attachment;

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;
const PAYLOADS: [&[u8]; 3] = [b"1", b"22", b"333"];

fn publishes(attachment: &Attachment, version: ProtocolVersion) -> Vec<Publish> {
    let publish = |packet| match packet {
        Packet::Publish(publish) => Some(*publish),
        _ => None,
    };
    outbox_of(attachment, version).into_iter().filter_map(publish).collect()
}

/// What a subscriber granted `granted` must have got of a run of `published`.
fn check(attachment: &Attachment, version: ProtocolVersion, granted: QoS) {
    let got = publishes(attachment, version);
    let ids: Vec<_> = got.iter().map(|publish| publish.packet_id.map_or(0, |id| id.get())).collect();
    let payloads: Vec<_> = got.iter().map(|publish| publish.payload.to_vec()).collect();
    assert_eq!(payloads, PAYLOADS);
    assert_eq!(ids, if granted == QoS::AtMostOnce { [0; 3] } else { [1, 2, 3] }, "{version:?} {granted:?}");
    let qos = granted.min(QoS::AtLeastOnce);
    assert!(
        got.iter()
            .all(|publish| publish.qos == qos && !publish.dup && !publish.retain && publish.topic == "a/b")
    );
}

#[test]
fn every_kind_of_subscriber_gets_all_of_a_run() {
    [V5, V3].into_iter().for_each(to_every_kind);
}

fn to_every_kind(by: ProtocolVersion) {
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
    let published = test_broker.publish_by(by, &publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS);
    assert_eq!(published, Published::Delivered);
    for (attachment, version, granted) in &subscribers {
        check(attachment, *version, *granted);
    }
    let copies = u64::try_from(subscribers.len() * PAYLOADS.len()).unwrap();
    assert_eq!(test_broker.totals().messages_sent, copies);
}

#[test]
fn no_message_is_made_where_none_has_to_be_kept() {
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
    let durable = test_broker.attach("durable", |connect| connect.session_expiry = Some(60));
    test_broker.subscribe(&durable, "a/b", QoS::AtLeastOnce);
    assert_eq!(test_broker.publish(&publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS), Published::Delivered);
    assert!(test_broker.workspace.scratch.messages.capacity() > 0);
}

#[test]
fn nobody_is_told_from_somebody() {
    let mut test_broker = TestBroker::new(SessionConfig::default());
    let publisher = test_broker.attach("publisher", |_| {});
    assert_eq!(test_broker.publish(&publisher, "a/b", QoS::AtLeastOnce, &PAYLOADS), Published::Unmatched);
    assert_eq!(test_broker.totals().unmatched, 3);
    assert_eq!(test_broker.publish(&publisher, "$a", QoS::AtLeastOnce, &PAYLOADS), Published::Forbidden);
}

#[test]
fn what_the_window_of_a_subscriber_does_not_take_waits() {
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
