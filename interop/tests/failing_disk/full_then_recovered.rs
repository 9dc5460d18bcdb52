//! Tests with a full disk that has space again later. Messages in flight are acknowledged only once there is space.
//! Operations that need no space work all the time. The clients `early` connect before the disk is full, the clients
//! `late` afterwards.

use std::collections::HashMap;

use tidegate_client::{AckSender, Client, Event};
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Ack, AckKind, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, Will};

use crate::harness::{Harness, clean_client, connect, persistent_client, received_reasons, stored_message};

#[tokio::test(flavor = "current_thread")]
async fn in_flight_messages_are_acknowledged_once_there_is_space() {
    assert_in_flight_messages_wait_for_space(Fault::NoSpace).await;
}

#[tokio::test(flavor = "current_thread")]
async fn in_flight_messages_are_acknowledged_once_the_quota_allows_it() {
    assert_in_flight_messages_wait_for_space(Fault::NoQuota).await;
}

async fn assert_in_flight_messages_wait_for_space(fault: Fault) {
    let mut harness = Harness::start("").await;
    let mut early = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "early")).await;
    harness.disk.fail_with(fault);
    let in_flight = publish_in_flight(&mut early).await;
    harness.wait_until_refused().await;
    within_deadline("PINGRESP", early.ping()).await.expect("an open connection");
    assert_eq!(received_reasons(&mut early), [], "acknowledged while the disk is full");

    harness.disk.recover();
    let before = harness.acknowledged_payloads.len();
    await_answers(&mut harness, &mut early, in_flight).await;
    assert!(harness.acknowledged_payloads.len() > before, "no message in flight was accepted in the end");
    let mut late = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "late")).await;
    harness.wait_until_accepted(&mut late).await;
    for qos in [1, 2] {
        let reason = harness.publish(&mut late, "accepted again", qos).await;
        assert!(!reason.is_error(), "QoS {qos}: {reason:?}");
    }
    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

/// PUBCOMP confirms that the packet id is released. The broker has to store this first.
#[tokio::test(flavor = "current_thread")]
async fn pubrel_is_answered_once_there_is_space() {
    let mut harness = Harness::start("").await;
    let mut options = persistent_client(&harness.broker, ProtocolVersion::V5, "releasing");
    options.sending = AckSender::Caller;
    let mut client = connect(&options).await;
    let id = client
        .publish(stored_message("released", 2))
        .await
        .expect("an open connection")
        .expect("a packet id");
    let event = within_deadline("PUBREC", client.event()).await.expect("an open connection");
    assert!(
        matches!(&event, Event::Ack(ack) if ack.kind == AckKind::PubRec && !ack.reason.is_error()),
        "{event:?}"
    );
    harness.fail(Fault::NoSpace).await;
    client
        .acknowledge(&Ack::new(AckKind::PubRel, id, ReasonCode::Success))
        .await
        .expect("an open connection");
    within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    assert_eq!(received_reasons(&mut client), [], "PUBCOMP while the disk is full");
    harness.disk.recover();
    let done = within_deadline("PUBCOMP", client.acknowledged(id)).await.expect("an open connection");
    assert_eq!(done.reason, ReasonCode::Success);
    harness.stop();
}

/// Messages in flight may or may not survive; acknowledged ones must.
#[tokio::test(flavor = "current_thread")]
async fn acknowledged_messages_survive_a_kill_while_full() {
    let mut harness = Harness::start("").await;
    let mut early = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "early")).await;
    harness.disk.fail_with(Fault::NoSpace);
    publish_in_flight(&mut early).await;
    harness.wait_until_refused().await;
    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn qos_0_is_delivered_while_full() {
    let mut harness = Harness::start("").await;
    let mut listener = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    let mut early = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "early")).await;
    harness.disk.fail_with(Fault::NoSpace);
    publish_in_flight(&mut early).await;
    harness.wait_until_refused().await;
    let mut old = connect(&clean_client(&harness.broker, ProtocolVersion::V3_1_1, "old")).await;
    let mut new = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "new")).await;
    // `early` is still waiting for acknowledgements.
    for (name, client) in [("early", &mut early), ("old", &mut old), ("new", &mut new)] {
        client.publish(message(&format!("live/{name}"), "on", 0)).await.expect("an open connection");
        let message = within_deadline(name, listener.message()).await.expect("an open connection");
        assert_eq!(message.topic, format!("live/{name}"));
        within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    }
    harness.stop();
}

/// The broker has to store a packet id before it sends a QoS 2 message, so these messages wait for space. QoS 0
/// messages to the same client do not wait behind them.
#[tokio::test(flavor = "current_thread")]
async fn qos_0_is_delivered_to_receivers_whose_qos_2_messages_wait() {
    let mut harness = Harness::start("").await;
    let mut receiver = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "receiver")).await;
    subscribe(&mut receiver, "stored/#", 2).await;
    subscribe(&mut receiver, "live/#", 0).await;
    let mut early = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "early")).await;
    harness.disk.fail_with(Fault::NoSpace);
    let in_flight = publish_in_flight(&mut early).await;
    harness.wait_until_refused().await;
    within_deadline("PINGRESP", receiver.ping()).await.expect("an open connection");
    early.publish(message("live/a", "on", 0)).await.expect("an open connection");
    let mut received = Vec::new();
    within_deadline("QoS 0", async {
        while received.last().is_none_or(|message: &Publish| message.topic != "live/a") {
            received.push(receiver.message().await.expect("an open connection"));
        }
    })
    .await;
    let qos_2_count = received.iter().filter(|message| message.qos == QoS::ExactlyOnce).count();
    assert_eq!(qos_2_count, 0, "a QoS 2 message was sent before it was stored");
    harness.disk.recover();
    await_answers(&mut harness, &mut early, in_flight).await;
    let waiting = harness
        .acknowledged_payloads
        .iter()
        .filter(|text| text.starts_with("in flight") && text.ends_with('2'));
    for _ in 0..waiting.count() {
        within_deadline("QoS 2", async {
            while receiver.message().await.expect("an open connection").qos != QoS::ExactlyOnce {}
        })
        .await;
    }
    harness.stop();
}

/// The broker cannot refuse a retained QoS 0 message or a will, as neither is acknowledged. The broker delivers these
/// messages to connected subscribers and does not store them.
#[tokio::test(flavor = "current_thread")]
async fn retained_qos_0_messages_and_wills_are_delivered_but_not_stored_while_full() {
    let mut harness = Harness::start("").await;
    let mut listener = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 2).await;
    let mut client_with_will = clean_client(&harness.broker, ProtocolVersion::V5, "with-will");
    let will = Will::new(Name::parse("live/will").expect("a topic"), "last", QoS::ExactlyOnce);
    client_with_will.connect.will = Some(Will { retain: true, ..will });
    let client_with_will = connect(&client_with_will).await;
    let mut publisher = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    harness.fail(Fault::NoSpace).await;
    publisher
        .publish(Publish { retain: true, ..message("live/retained", "on", 0) })
        .await
        .expect("an open connection");
    let retained = within_deadline("the message", listener.message()).await.expect("an open connection");
    assert_eq!((&*retained.topic, retained.qos), ("live/retained", QoS::AtMostOnce));
    let _ = client_with_will.drop_without_disconnect();
    let will = within_deadline("the will", listener.message()).await.expect("an open connection");
    assert_eq!((&*will.topic, will.qos), ("live/will", QoS::AtMostOnce));

    harness.disk.recover();
    harness.wait_until_accepted(&mut publisher).await;
    let mut late = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "late")).await;
    subscribe(&mut late, "live/#", 0).await;
    late.publish(message("live/end", "on", 0)).await.expect("an open connection");
    let first = within_deadline("the first message", late.message()).await.expect("an open connection");
    assert_eq!(first.topic, "live/end", "a retained message was stored");
    harness.stop();
}

/// Publishes messages without waiting for answers. Returns their payloads by packet id. At this time, the broker has
/// not yet detected that the disk is full.
async fn publish_in_flight(client: &mut Client) -> HashMap<PacketId, String> {
    let mut in_flight = HashMap::new();
    for number in 0..5 {
        for qos in [1, 2] {
            let message = stored_message(&format!("in flight {number}"), qos);
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            let id = client.publish(message).await.expect("an open connection").expect("a packet id");
            in_flight.insert(id, payload);
        }
    }
    in_flight
}

/// Waits for the answers to the messages `in_flight` and records them.
async fn await_answers(harness: &mut Harness, client: &mut Client, mut in_flight: HashMap<PacketId, String>) {
    within_deadline("the answers", async {
        while !in_flight.is_empty() {
            if let Event::Acknowledged(done) = client.event().await.expect("an open connection") {
                harness.record_answer(
                    in_flight.remove(&done.packet_id).expect("the packet id of a sent message"),
                    done.reason,
                );
            }
        }
    })
    .await;
}
