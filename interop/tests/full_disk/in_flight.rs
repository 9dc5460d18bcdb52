//! Tests that the broker answers every message in flight when the disk fills up, although no space is freed.

use std::collections::BTreeMap;

use tidegate_client::{Client, Event};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::message;
use tidegate_mqtt::{PacketId, ReasonCode};

use crate::harness::{Harness, connect, payload};

#[tokio::test(flavor = "current_thread")]
async fn with_always_durability_every_message_in_flight_is_answered() {
    assert_all_are_answered("always").await;
}

#[tokio::test(flavor = "current_thread")]
async fn with_interval_durability_every_message_in_flight_is_answered() {
    assert_all_are_answered("interval").await;
}

async fn assert_all_are_answered(durability: &str) {
    let Some(mut harness) = Harness::start(durability).await else { return };
    let mut publisher = connect(&harness.clean_options("publisher")).await;
    harness.disk.fill(0);
    let (accepted, refused) = within_deadline("all answers", publish_all(&mut publisher)).await;
    assert!(refused > 0, "the store was never full");
    harness.stored_payloads.extend(accepted);
    // The broker has acknowledged the messages in the order in which they were published.
    harness.fetch().await;
    harness.publish_until_accepted(&mut publisher).await;
    harness.fetch().await;
    harness.stop();
}

/// Publishes more messages than the store has room for, with as many in flight as the broker allows, and waits for all
/// answers. Returns the payloads of the accepted messages, and the number of refused messages.
async fn publish_all(client: &mut Client) -> (Vec<String>, usize) {
    let (mut open, mut accepted, mut refused) = (BTreeMap::new(), Vec::new(), 0);
    for number in 0..MESSAGE_COUNT {
        while !client.can_publish() {
            client.progress().await.expect("an open connection");
        }
        let text = payload(FIRST_NUMBER + number);
        let id = client.publish(message("stored/a", &text, 1)).await.expect("an open connection");
        open.insert(id.expect("a packet id"), text);
        while let Some(event) = client.take_event() {
            record_answer(event, &mut open, &mut accepted, &mut refused);
        }
    }
    while !open.is_empty() {
        let event = client.event().await.expect("an open connection");
        record_answer(event, &mut open, &mut accepted, &mut refused);
    }
    (accepted, refused)
}

fn record_answer(
    event: Event,
    open: &mut BTreeMap<PacketId, String>,
    accepted: &mut Vec<String>,
    refused: &mut usize,
) {
    let Event::Acknowledged(done) = event else { return };
    let text = open.remove(&done.packet_id).expect("the packet id of a sent message");
    match done.reason {
        ReasonCode::Success => accepted.push(text),
        ReasonCode::QuotaExceeded => *refused += 1,
        other => panic!("{other:?}"),
    }
}

/// Space is freed on the disk, but the subscriber does not fetch its messages.
#[tokio::test(flavor = "current_thread")]
async fn a_full_store_works_again_when_space_is_freed_on_the_disk() {
    let Some(mut harness) = Harness::start("always").await else { return };
    harness.disk.fill(0);
    let mut publisher = connect(&harness.clean_options("publisher")).await;
    harness.publish_until_full(&mut publisher).await;
    let line =
        harness.broker.wait_for_log(|line| line.contains("the store is full"), "the line of a full store");
    assert!(line.contains("No space left on device"), "{line}");
    harness.disk.free(32 << 20);
    harness.broker.wait_for_log(|line| line.contains("the store works again"), "the recovery of the store");
    harness.publish_until_accepted(&mut publisher).await;
    harness.fetch().await;
    harness.stop();
}

/// Number of messages to publish, which is more than the disk has room for.
const MESSAGE_COUNT: usize = 4000;
/// The number of the first message. No other message has this number or a higher one.
const FIRST_NUMBER: usize = 1_000_000;
