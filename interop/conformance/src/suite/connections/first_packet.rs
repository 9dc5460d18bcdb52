//! The first packets of a connection: CONNECT, once, and CONNACK before anything else.

use super::watcher;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Subscribe, Will, packet};

cases! {
    another_first_packet_ends_the_connection: "MQTT5-3.1.0-1", "MQTT3-3.1.0-1";
    a_second_connect_ends_the_connection: "MQTT5-3.1.0-2", "MQTT5-3.2.0-2", "MQTT3-3.1.0-2";
    connack_comes_before_queued_messages: "MQTT5-3.2.0-1", "MQTT3-3.2.0-1";
    connack_comes_before_answers_to_what_came_with_connect: "MQTT5-3.2.0-1", "MQTT3-3.2.0-1";
    a_connection_has_one_connack: "MQTT5-3.2.0-2";
    a_connect_that_stays_incomplete_is_given_up [HASTY]: "TRAP5-111", "TRAP3-111";
}

async fn another_first_packet_ends_the_connection(lab: Lab) {
    let mut witness = watcher(&lab).await;
    let topic = lab.topic("a");
    let connect = lab.connect("one").connect.encode();
    let firsts = [
        vec![0xC0, 0],
        vec![0xE0, 0],
        Publish::new(&topic, "stray").encode(lab.version),
        Publish::new(&topic, "stray").retain().qos(1, 1).encode(lab.version),
        Subscribe::new(1).filter(&topic, 0).encode(lab.version),
    ];
    for first in firsts {
        // Nothing is answered, not even a CONNECT behind it.
        lab.connect("one").refused_as(&first, &[]).await;
        lab.connect("one").refused_as(&[first, connect.clone()].concat(), &[]).await;
    }
    witness.hears_nothing().await;
}

async fn a_second_connect_ends_the_connection(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    let will = || Will::new(&topic, "gone");
    // After the CONNACK, under the same and under another client identifier.
    for again in ["one", "two"] {
        let mut client = lab.connect("one").will(will()).open().await;
        client.send(&lab.connect(again).connect.encode()).await;
        client.is_cut_off_unanswered(&[0x82]).await;
        assert_eq!(watcher.receive().await.payload, b"gone");
    }
    // At once: only the first is answered, and what follows is not carried out.
    let connect = lab.connect("one").will(will()).connect.encode();
    let publish = Publish::new(lab.topic("a"), "stray").encode(lab.version);
    let mut client = lab.connect("one").send_as(&[connect.clone(), connect, publish].concat()).await;
    assert_eq!(client.next().await.kind, Kind::ConnAck);
    client.is_cut_off_unanswered(&[0x82]).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    watcher.hears_nothing().await;
}

async fn connack_comes_before_queued_messages(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    // One in flight, others queued.
    publisher.publish(&topic, "open", 1).await;
    client.message().await;
    client.cut().await;
    for number in 0..10 {
        publisher.publish(&topic, [number], 1 + number % 2).await;
    }
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    for _ in 0..11 {
        client.receive().await;
    }
}

async fn connack_comes_before_answers_to_what_came_with_connect(lab: Lab) {
    let topic = lab.topic("a");
    lab.client("publisher").await.publish_retained(&topic, "kept", 1).await;
    let bytes = [
        lab.connect("one").connect.encode(),
        Subscribe::new(1).filter(&topic, 1).encode(lab.version),
        Publish::new(&topic, "live").qos(1, 2).encode(lab.version),
        vec![0xC0, 0],
    ];
    let mut client = lab.connect("one").send_as(&bytes.concat()).await;
    assert_eq!(client.next().await.kind, Kind::ConnAck, "the first packet");
    for kind in [Kind::SubAck, Kind::PubAck, Kind::PingResp] {
        client.take(kind).await;
    }
    let mut payloads = vec![client.message().await.payload, client.message().await.payload];
    payloads.sort();
    assert_eq!(payloads, [b"kept", b"live"]);
}

async fn a_connection_has_one_connack(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("one", &topic, 2).await;
    for qos in 0..3 {
        client.publish(&topic, "x", qos).await;
        client.receive().await;
    }
    client.unsubscribe(&topic).await;
    client.ping().await;
    assert!(!client.has(Kind::ConnAck), "after the exchanges");
    // An attempt to authenticate again, without ever having done it.
    client.send(&packet(0xF0, &[&[0x19, 0]])).await;
    let packets = client.is_cut_off(&[0x82, 0x81]).await;
    assert!(packets.iter().all(|packet| packet.kind != Kind::ConnAck), "{packets:?}");
}

async fn a_connect_that_stays_incomplete_is_given_up(lab: Lab) {
    let connect = lab.connect("one").connect.encode();
    let mut links = vec![lab.link("silent", lab.version).await];
    for len in [1, 2, connect.len() - 1] {
        links.push(lab.connect("one").send_as(&connect[..len]).await);
    }
    for mut link in links {
        assert!(link.wait_for_end().await.is_empty(), "closed without a word");
    }
}
