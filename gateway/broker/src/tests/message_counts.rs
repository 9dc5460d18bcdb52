//! Each copy of a received message is counted: as sent, as queued, or as dropped with a reason.

use proptest::prelude::*;
use tidegate_mqtt::QoS;
use tidegate_session::Config;

use super::{Published, TestBroker};

const PAYLOAD: &[u8] = &[7; 40];

proptest! {
    #[test]
    fn sent_queued_and_dropped_copies_add_up_to_all_copies(
        bursts in prop::collection::vec((0_u8..3, 1_usize..40), 1..30),
        online in any::<[bool; 3]>(),
        persistent in any::<[bool; 3]>(),
    ) {
        let config = Config {
            pending_bytes_max: 4096,
            pending_bytes_high: 2048,
            queue_len_max: 20,
            inflight_max: 10,
            ..Config::default()
        };
        let mut test_broker = TestBroker::new(config);
        let publisher = test_broker.attach("publisher", |_| {});
        for (index, (online, persistent)) in online.into_iter().zip(persistent).enumerate() {
            // An offline client needs a persistent session to stay subscribed.
            let expiry = (persistent || !online).then_some(60);
            let client = test_broker.attach(&format!("c{index}"), |connect| connect.session_expiry = expiry);
            test_broker.subscribe(&client, "t", QoS::try_from(u8::try_from(index).unwrap()).unwrap());
            if !online {
                test_broker.detach(&client);
            }
        }
        let mut copies = 0;
        for (qos, count) in bursts {
            let payloads = vec![PAYLOAD; count];
            let published = test_broker.publish(&publisher, "t", QoS::try_from(qos).unwrap(), &payloads);
            prop_assert_eq!(published, Published::Delivered);
            copies += 3 * u64::try_from(count).unwrap();
        }
        let totals = test_broker.totals();
        let dropped = totals.dropped_offline + totals.dropped_slow;
        // `dropped_queue_full` is left out: copies dropped from a full queue were counted as queued before.
        prop_assert_eq!(totals.messages_sent + totals.messages_queued + dropped, copies);
        prop_assert_eq!(totals.messages_received * 3, copies);
    }
}

#[test]
fn messages_without_a_subscriber_are_counted() {
    let mut test_broker = TestBroker::new(Config::default());
    let publisher = test_broker.attach("publisher", |_| {});
    let published = test_broker.publish(&publisher, "t", QoS::AtMostOnce, &[PAYLOAD; 3]);
    assert_eq!(published, Published::Unmatched);
    assert_eq!(test_broker.totals().unmatched, 3);
}

#[test]
fn clients_cannot_publish_to_topics_of_the_broker() {
    let mut test_broker = TestBroker::new(Config::default());
    let client = test_broker.attach("a", |_| {});
    test_broker.subscribe(&client, "$SYS/#", QoS::AtMostOnce);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        assert_eq!(test_broker.publish(&client, "$SYS/x", qos, &[PAYLOAD]), Published::Forbidden);
    }
    assert_eq!(test_broker.totals().refused_topic, 2);
    assert_eq!(test_broker.totals().messages_sent, 0);
}
