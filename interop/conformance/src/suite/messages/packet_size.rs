//! Maximum Packet Size in both directions: the whole packet counts, to the byte.

use crate::case::cases;
use crate::client::{Client, Opening};
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Publish, Subscribe, Unsubscribe, property};

cases! {
    a_message_of_just_the_maximum_is_sent: "TRAP5-95";
    a_message_too_large_counts_as_delivered: "TRAP5-97";
    a_message_too_large_does_not_stop_the_queue: "TRAP5-97", "TRAP5-48";
    a_message_that_grew_too_large_is_not_sent_again: "TRAP5-97";
    answers_fit: "TRAP5-98";
    a_farewell_fits: "TRAP5-98";
    one_byte_too_many_ends_the_connection [SMALL]: "TRAP5-96";
    every_packet_may_have_the_announced_size [SMALL]: "TRAP5-99", "TRAP5-96";
}

async fn a_message_of_just_the_maximum_is_sent(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    // Around the sizes where the remaining length gets a second and a third byte.
    for maximum in [60, 129, 130, 131, 132, 200, 16_386, 16_387, 16_388, 16_389] {
        for qos in 0..3 {
            let mut subscriber = limited(&lab, maximum).open().await;
            subscriber.subscribe(&topic, 2).await;
            let mut due = Vec::new();
            for size in maximum - 3..=maximum + 3 {
                if let Some(publish) = of_size(&lab, &topic, size, qos) {
                    publisher.exchange_publish(publish).await;
                    due.extend((size <= maximum).then_some(size));
                }
            }
            let messages = subscriber.messages().await;
            let seen: Vec<_> = messages.iter().map(size).collect();
            assert_eq!(seen, due, "of at most {maximum} bytes");
            subscriber.leave().await;
        }
    }
}

async fn a_message_too_large_counts_as_delivered(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = limited(&lab, 100).number(property::RECEIVE_MAXIMUM, 2).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for round in 0..5 {
        for qos in 0..3 {
            assert!(publisher.publish(&topic, LARGE, qos).await < 0x80, "the publisher is not to blame");
        }
        publisher.publish(&topic, round.to_string(), 1).await;
        subscriber.hears(round.to_string()).await;
    }
    for payload in ["one", "two", "three"] {
        publisher.publish(&topic, LARGE, 2).await;
        publisher.publish(&topic, payload, 2).await;
    }
    assert_eq!(subscriber.payloads().await, ["one", "two"], "the quota of two is whole");
}

async fn a_message_too_large_does_not_stop_the_queue(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = limited(&lab, 100).kept().open().await;
    subscriber.subscribe(&topic, 2).await;
    subscriber.leave().await;
    let mut publisher = lab.client("publisher").await;
    for (payload, qos) in [("one", 1), (LARGE, 1), ("two", 2), (LARGE, 2), (LARGE, 1), ("three", 1)] {
        publisher.publish(&topic, payload, qos).await;
    }
    let mut subscriber = limited(&lab, 100).number(property::RECEIVE_MAXIMUM, 1).kept().open().await;
    for payload in ["one", "two", "three"] {
        subscriber.hears(payload).await;
    }
    subscriber.hears_nothing().await;
    subscriber.leave().await;
    limited(&lab, 1000).kept().open().await.hears_nothing().await;
}

/// It was open when a connection with a smaller limit resumed the session.
async fn a_message_that_grew_too_large_is_not_sent_again(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for (payload, qos) in [(LARGE, 1), ("one", 1), (LARGE, 2), ("two", 2)] {
        publisher.publish(&topic, payload, qos).await;
    }
    subscriber.take_messages(4).await;
    subscriber.cut().await;
    let mut subscriber = limited(&lab, 100).number(property::RECEIVE_MAXIMUM, 1).kept().open().await;
    subscriber.hears("one").await;
    subscriber.hears("two").await;
    publisher.publish(&topic, "three", 1).await;
    subscriber.hears("three").await;
}

async fn answers_fit(lab: Lab) {
    let topic = lab.topic("a");
    let (mut client, connack) = limited(&lab, TINY).accepted().await;
    let subscribe = Subscribe::new(1).filter(&topic, 0);
    let suback = client.exchange_subscribe(&subscribe).await;
    let unsuback = client.unsubscribe(lab.topic("none")).await;
    client.send_publish(&Publish::new(&topic, "x").qos(1, 3)).await;
    let puback = client.take(Kind::PubAck).await;
    for packet in [connack, suback, unsuback, puback] {
        assert!(size(&packet) <= TINY, "{:?} of {} bytes", packet.kind, size(&packet));
    }
}

async fn a_farewell_fits(lab: Lab) {
    let mut client = limited(&lab, TINY).open().await;
    client.send_publish(&Publish::new("", "x")).await;
    for packet in client.wait_for_end().await {
        assert_eq!(packet.kind, Kind::Disconnect);
        assert!(size(&packet) <= TINY, "DISCONNECT of {} bytes", size(&packet));
    }
}

async fn one_byte_too_many_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    for qos in 0..3 {
        for size in [LIMIT + 1, LIMIT + 2, LIMIT + 3, LIMIT + 1000] {
            let mut publisher = lab.client("publisher").await;
            let publish = of_size(&lab, &topic, size, qos).expect("a size that a packet can have");
            publisher.send_publish(&publish).await;
            publisher.is_cut_off_unanswered(&[0x95]).await;
        }
    }
    watcher.hears_nothing().await;
}

async fn every_packet_may_have_the_announced_size(lab: Lab) {
    let topic = lab.topic("a");
    let (mut client, connack) = lab.connect("client").accepted().await;
    assert_eq!(connack.properties.get_number(property::MAXIMUM_PACKET_SIZE), Some(LIMIT));
    for qos in 0..3 {
        let publish = of_size(&lab, &topic, LIMIT, qos).expect("a size that a packet can have");
        assert!(client.exchange_publish(publish).await < 0x80, "PUBLISH at QoS {qos}");
    }
    // Fixed header 3, identifier 2, properties 1, the filter's length 2, its options 1.
    let filter = |rest: usize| "f".repeat(usize::try_from(LIMIT).expect("a size") - rest);
    let subscribe = Subscribe::new(100).filter(filter(9), 0);
    assert_eq!(subscribe.encode(client.version).len(), 1024);
    client.exchange_subscribe(&subscribe).await;
    let unsubscribe = Unsubscribe::new(101).filter(filter(8));
    assert_eq!(unsubscribe.encode(client.version).len(), 1024);
    client.send(&unsubscribe.encode(client.version)).await;
    assert_eq!(client.take(Kind::UnsubAck).await.id, 101);
    exceeds(&lab, &Subscribe::new(100).filter(filter(8), 0).encode(client.version)).await;
    exceeds(&lab, &Unsubscribe::new(100).filter(filter(7)).encode(client.version)).await;
}

async fn exceeds(lab: &Lab, bytes: &[u8]) {
    assert_eq!(bytes.len(), 1025);
    let mut client: Client = lab.client("other").await;
    client.send(bytes).await;
    client.is_cut_off_unanswered(&[0x95]).await;
}

/// A PUBLISH of so many bytes, fixed header included. There is none where the remaining length gets another byte.
fn of_size(lab: &Lab, topic: &str, size: u32, qos: u8) -> Option<Publish> {
    let size = usize::try_from(size).expect("a size");
    let publish = |len| Publish::new(topic, vec![b'x'; len]).qos(qos, 1);
    (size.saturating_sub(40)..size).map(publish).find(|publish| publish.encode(lab.version).len() == size)
}

fn size(packet: &Packet) -> u32 {
    u32::try_from(packet.bytes.len()).expect("a size")
}

fn limited(lab: &Lab, maximum: u32) -> Opening<'_> {
    lab.connect("subscriber").number(property::MAXIMUM_PACKET_SIZE, maximum)
}

/// What the broker announces in the setting SMALL.
const LIMIT: u32 = 1024;
/// Room for CONNACK, little more.
const TINY: u32 = 24;
/// More than 100 bytes.
const LARGE: &str = "................................................................................................................";
