//! Tests when a will is published: whenever the connection ends without a normal DISCONNECT.

use super::watcher;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Properties, Publish, Will};

cases! {
    a_client_fault_publishes_its_will: "MQTT5-3.1.2-8", "MQTT3-3.1.2-8", "TRAP5-57";
    a_normal_disconnect_discards_the_will: "MQTT5-3.1.2-10", "MQTT3-3.1.2-10", "MQTT3-3.1.2-8";
    a_disconnect_with_a_reason_other_than_0_publishes_the_will: "MQTT5-3.1.2-8", "MQTT5-3.1.2-10", "TRAP5-56";
    a_refused_connect_stores_no_will: "MQTT5-3.1.2-7", "MQTT3-3.1.2-8";
}

async fn a_client_fault_publishes_its_will(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    // The faults are malformed packets, a packet type that a client must not send, and violations of other rules.
    let faults = [
        (vec![0xC1, 0], &[0x81, 0x82][..]),
        (vec![0xD0, 0], &[0x82, 0x81]),
        (Publish::new("", "x").encode(harness.version), &[0x82, 0x90, 0x81]),
        (Publish::new(&topic, "x").qos(3, 1).encode(harness.version), &[0x81, 0x82]),
    ];
    for (bytes, codes) in faults {
        let mut client = harness.connect("one").will(Will::new(&topic, "gone")).open().await;
        client.send(&bytes).await;
        client.expect_close_without_answer(codes).await;
        assert_eq!(watcher.receive().await.payload, b"gone");
    }
    harness.expect_no_will(&mut watcher).await;
}

async fn a_normal_disconnect_discards_the_will(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &topic, 1).await;
    harness.connect("one").will(Will::new(&topic, "gone")).open().await.disconnect().await;
    harness.connect("one").persistent().will(Will::new(&topic, "gone")).open().await.disconnect().await;
    if harness.is_v5() {
        // This DISCONNECT contains the reason code 0x00 instead of omitting it.
        let mut client = harness.connect("one").will(Will::new(&topic, "gone")).open().await;
        client.send(&[0xE0, 2, 0, 0]).await;
        client.wait_for_end().await;
        // A normal DISCONNECT also discards a delayed will: the broker does not publish it after its delay.
        let will = Will::new(&topic, "gone").delay(1);
        harness.connect("one").persistent().will(will).open().await.disconnect().await;
        harness.wait_by_broker_clock(2).await;
    }
    harness.expect_no_will(&mut watcher).await;
}

async fn a_disconnect_with_a_reason_other_than_0_publishes_the_will(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    // The list contains every reason code that a client may send in DISCONNECT, except 0x00.
    for code in [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99] {
        let client = harness.connect("one").will(Will::new(&topic, [code])).open().await;
        client.disconnect_with(code, &Properties::default()).await;
        assert_eq!(watcher.receive().await.payload, [code]);
    }
    harness.expect_no_will(&mut watcher).await;
}

async fn a_refused_connect_stores_no_will(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    let will = Will::new(harness.topic("will"), "stray");
    let (builder, codes) = super::unacceptable_connect(&harness, "one");
    builder.will(will).expect_refused(codes).await;
    harness.expect_no_will(&mut watcher).await;
}
