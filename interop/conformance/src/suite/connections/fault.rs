//! A fault ends the connection that it came on, nothing behind it is carried out, and others do not notice.

use super::watcher;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Subscribe, Unsubscribe, ack};

cases! {
    a_fault_ends_its_connection_and_no_other: "MQTT5-4.13.1-1", "MQTT3-4.8.0-1";
    nothing_behind_a_fault_is_carried_out: "MQTT5-4.13.2-1", "MQTT3-4.8.0-1";
    a_session_survives_a_fault_of_its_client: "MQTT5-4.13.1-1", "MQTT3-4.8.0-1";
    a_refusal_ends_the_connection: "MQTT5-4.13.2-1";
}

fn faults(lab: &Lab) -> Vec<(Vec<u8>, &'static [u8])> {
    let topic = lab.topic("a");
    let connack = if lab.is_v5() { vec![0x20, 3, 0, 0, 0] } else { vec![0x20, 2, 0, 0] };
    vec![
        (vec![0xC1, 0], &[0x81, 0x82]),
        (vec![0x00, 0], &[0x81, 0x82]),
        (vec![0xD0, 0], &[0x82, 0x81]),
        (connack, &[0x82, 0x81]),
        (vec![0xC0, 1, 0], &[0x81, 0x82]),
        (ack(0x40, 0, 0), &[0x82, 0x81]),
        (Publish::new(lab.topic("+"), "x").encode(lab.version), &[0x90, 0x82, 0x81]),
        (Publish::new(&topic, "x").qos(3, 1).encode(lab.version), &[0x81, 0x82]),
        (Subscribe::new(1).encode(lab.version), &[0x82, 0x81]),
        (Subscribe::new(1).filter(&topic, 3).encode(lab.version), &[0x82, 0x81]),
        (Unsubscribe::new(1).encode(lab.version), &[0x82, 0x81]),
        (lab.connect("broken").connect.encode(), &[0x82]),
    ]
}

async fn a_fault_ends_its_connection_and_no_other(lab: Lab) {
    let topic = lab.topic("live");
    let mut witness = lab.subscriber("witness", &topic, 1).await;
    for (bytes, codes) in faults(&lab) {
        super::cut_off_for(&lab, &bytes, codes).await;
        witness.publish(&topic, "echo", 1).await;
        assert_eq!(witness.receive().await.payload, b"echo");
    }
}

async fn nothing_behind_a_fault_is_carried_out(lab: Lab) {
    let topic = lab.topic("a");
    let mut witness = watcher(&lab).await;
    for (fault, codes) in faults(&lab) {
        let behind = [
            Publish::new(&topic, "stray").encode(lab.version),
            Publish::new(&topic, "stray").retain().qos(1, 8).encode(lab.version),
            Subscribe::new(9).filter(&topic, 1).encode(lab.version),
            vec![0xC0, 0],
        ];
        let mut client = lab.client("broken").await;
        client.send(&[fault, behind.concat()].concat()).await;
        let packets = client.is_cut_off(codes).await;
        assert!(packets.is_empty(), "answers to what came behind: {packets:?}");
    }
    witness.hears_nothing().await;
    lab.subscriber("late", &topic, 1).await.hears_nothing().await;
}

/// What came before the fault counts; the session is there for the next connection.
async fn a_session_survives_a_fault_of_its_client(lab: Lab) {
    let topic = lab.topic("a");
    let mut witness = lab.subscriber("witness", lab.topic("b"), 1).await;
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 1).await;
    let before = Publish::new(lab.topic("b"), "before").qos(1, 7).encode(lab.version);
    client.send(&[before, vec![0xC1, 0]].concat()).await;
    let packets = client.is_cut_off(&[0x81, 0x82]).await;
    assert!(packets.iter().all(|packet| packet.kind == Kind::PubAck), "{packets:?}");
    assert_eq!(witness.receive().await.payload, b"before");
    witness.publish(&topic, "kept", 1).await;
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    assert_eq!(client.receive().await.payload, b"kept");
}

/// A CONNACK of 0x80 or more, and a DISCONNECT of the client's: the link ends and what comes behind is not read.
async fn a_refusal_ends_the_connection(lab: Lab) {
    let mut witness = watcher(&lab).await;
    let publish = Publish::new(lab.topic("a"), "stray").encode(lab.version);
    let (opening, codes) = super::refused(&lab, "one");
    let bytes = [opening.connect.encode(), publish.clone()].concat();
    opening.refused_as(&bytes, codes).await;
    let mut client = lab.client("one").await;
    client.send(&[vec![0xE0, 1, 0x82], publish].concat()).await;
    assert!(client.wait_for_end().await.is_empty());
    witness.hears_nothing().await;
}
