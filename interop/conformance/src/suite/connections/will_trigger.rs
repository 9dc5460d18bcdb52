//! What makes a will due: every end of the connection but a normal DISCONNECT.

use super::watcher;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Properties, Publish, Will};

cases! {
    a_fault_of_the_client_publishes_its_will: "MQTT5-3.1.2-8", "MQTT3-3.1.2-8", "TRAP5-57";
    a_normal_disconnect_discards_the_will: "MQTT5-3.1.2-10", "MQTT3-3.1.2-10", "MQTT3-3.1.2-8";
    a_disconnect_with_another_reason_keeps_the_will: "MQTT5-3.1.2-8", "MQTT5-3.1.2-10", "TRAP5-56";
    a_refused_connect_leaves_no_will: "MQTT5-3.1.2-7", "MQTT3-3.1.2-8";
}

async fn a_fault_of_the_client_publishes_its_will(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    // Malformed, out of place, against a rule.
    let faults = [
        (vec![0xC1, 0], &[0x81, 0x82][..]),
        (vec![0xD0, 0], &[0x82, 0x81]),
        (Publish::new("", "x").encode(lab.version), &[0x82, 0x90, 0x81]),
        (Publish::new(&topic, "x").qos(3, 1).encode(lab.version), &[0x81, 0x82]),
    ];
    for (bytes, codes) in faults {
        let mut client = lab.connect("one").will(Will::new(&topic, "gone")).open().await;
        client.send(&bytes).await;
        client.is_cut_off_unanswered(codes).await;
        assert_eq!(watcher.receive().await.payload, b"gone");
    }
    lab.hears_no_will(&mut watcher).await;
}

async fn a_normal_disconnect_discards_the_will(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 1).await;
    lab.connect("one").will(Will::new(&topic, "gone")).open().await.leave().await;
    lab.connect("one").kept().will(Will::new(&topic, "gone")).open().await.leave().await;
    if lab.is_v5() {
        // The reason 0x00 in full.
        let mut client = lab.connect("one").will(Will::new(&topic, "gone")).open().await;
        client.send(&[0xE0, 2, 0, 0]).await;
        client.wait_for_end().await;
        // Nor does it wait for its delay.
        let will = Will::new(&topic, "gone").delay(1);
        lab.connect("one").kept().will(will).open().await.leave().await;
        lab.pass(2).await;
    }
    lab.hears_no_will(&mut watcher).await;
}

async fn a_disconnect_with_another_reason_keeps_the_will(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    // All that a client may send but 0x00.
    for code in [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99] {
        let client = lab.connect("one").will(Will::new(&topic, [code])).open().await;
        client.leave_with(code, &Properties::default()).await;
        assert_eq!(watcher.receive().await.payload, [code]);
    }
    lab.hears_no_will(&mut watcher).await;
}

async fn a_refused_connect_leaves_no_will(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    let will = Will::new(lab.topic("will"), "stray");
    let (opening, codes) = super::refused(&lab, "one");
    opening.will(will).refused(codes).await;
    lab.hears_no_will(&mut watcher).await;
}
