//! Acknowledgements to a client with a small Maximum Packet Size: no explanation makes them larger than that.

use crate::case::cases;
use crate::client::Opening;
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Publish, property};

cases! {
    puback_fits: "MQTT5-3.4.2-2", "MQTT5-3.4.2-3", "TRAP5-98";
    pubrec_fits: "MQTT5-3.5.2-2", "MQTT5-3.5.2-3", "TRAP5-98";
    pubrel_fits: "MQTT5-3.6.2-2", "MQTT5-3.6.2-3", "TRAP5-98";
    pubcomp_fits: "MQTT5-3.7.2-2", "MQTT5-3.7.2-3", "TRAP5-98";
}

async fn puback_fits(lab: Lab) {
    let mut publisher = tiny(&lab).open().await;
    for topic in ["$x/a".to_owned(), lab.topic("a")] {
        publisher.send_publish(&Publish::new(&topic, "x").qos(1, 1)).await;
        fits(&publisher.take(Kind::PubAck).await);
    }
}

async fn pubrec_fits(lab: Lab) {
    let mut publisher = tiny(&lab).open().await;
    for (topic, id) in [("$x/a".to_owned(), 1), (lab.topic("a"), 2)] {
        publisher.send_publish(&Publish::new(&topic, "x").qos(2, id)).await;
        fits(&publisher.take(Kind::PubRec).await);
    }
}

async fn pubrel_fits(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = tiny(&lab).open().await;
    subscriber.subscribe(&topic, 2).await;
    lab.client("publisher").await.publish(&topic, "x", 2).await;
    let id = subscriber.message().await.id;
    subscriber.send_ack(0x50, id, 0).await;
    fits(&subscriber.take(Kind::PubRel).await);
    subscriber.send_ack(0x50, id + 1, 0).await;
    subscriber.ping().await;
    subscriber.drain(Kind::PubRel).iter().for_each(fits);
}

async fn pubcomp_fits(lab: Lab) {
    let mut publisher = tiny(&lab).open().await;
    for id in [1, 2, 65_535] {
        publisher.send_ack(0x62, id, 0).await;
        fits(&publisher.take(Kind::PubComp).await);
    }
}

/// A client whose Maximum Packet Size leaves little room for explanations.
fn tiny(lab: &Lab) -> Opening<'_> {
    lab.connect("tiny").number(property::MAXIMUM_PACKET_SIZE, TINY)
}

/// Room for CONNACK and for a short PUBLISH.
const TINY: u32 = 32;

fn fits(packet: &Packet) {
    let size = u32::try_from(packet.bytes.len()).expect("a size");
    assert!(size <= TINY, "{:?} of {size} bytes", packet.kind);
}
