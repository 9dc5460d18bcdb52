//! While the disk is full, the broker sends no answer that depends on a change that is not stored yet, not even when
//! the client repeats its request on a new connection or takes over a session.

use std::pin::pin;
use std::time::Duration;

use tidegate_client::{AckSender, Client, ClientError, Event, State};
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, Will};

use crate::harness::{Harness, clean_client, connect, persistent_client, stored_message};

/// The message is not stored yet. If the broker answered the retransmission with PUBREC, the client would discard the
/// message, and a crash would lose it.
#[tokio::test(flavor = "current_thread")]
async fn a_publish_repeated_on_a_new_connection_is_not_answered_before_it_is_stored() {
    let mut harness = Harness::start("").await;
    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "client");
    let mut client = connect(&options).await;
    harness.disk.fail_with(Fault::NoSpace);
    client.publish(stored_message("in flight", 2)).await.expect("an open connection");
    harness.wait_until_refused().await;
    let state = client.drop_without_disconnect();
    let mut client = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    let state = client.drop_without_disconnect();
    harness.restart();
    let mut client = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    within_deadline("the answer", client.finish_exchanges()).await.expect("an open connection");
    harness.record_answer("in flight at 2".to_owned(), ReasonCode::Success);
    harness.check_stored().await;
    harness.stop();
}

/// The release of the packet id is not stored yet. After PUBCOMP, the client could reuse the packet id, and after a
/// crash the broker would drop the new message as a retransmission.
#[tokio::test(flavor = "current_thread")]
async fn a_pubrel_repeated_on_a_new_connection_is_not_answered_before_it_is_stored() {
    let mut harness = Harness::start("").await;
    let mut options = persistent_client(&harness.broker, ProtocolVersion::V5, "releasing");
    options.sending = AckSender::Caller;
    let mut client = connect(&options).await;
    let id = client
        .publish(stored_message("released", 2))
        .await
        .expect("an open connection")
        .expect("a packet id");
    within_deadline("PUBREC", client.event()).await.expect("an open connection");
    harness.fail(Fault::NoSpace).await;
    let release = Ack::new(AckKind::PubRel, id, ReasonCode::Success);
    client.acknowledge(&release).await.expect("an open connection");
    within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    let state = client.drop_without_disconnect();
    let mut client = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    client.acknowledge(&release).await.expect("an open connection");
    within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    assert_eq!(received_pubcomps(&mut client), 0, "PUBCOMP while the disk is full");
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn an_unsubscribe_repeated_on_a_new_connection_is_not_answered_before_it_is_stored() {
    let mut harness = Harness::start("").await;
    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "leaving");
    let mut client = connect(&options).await;
    subscribe(&mut client, "live/#", 1).await;
    harness.fail(Fault::NoSpace).await;
    for attempt in 0..2 {
        let filter = SubscriptionFilter::parse("live/#").expect("a filter");
        let unsubscribed = client.unsubscribe([filter]);
        let answer = tokio::time::timeout(NO_ANSWER_WAIT, unsubscribed).await;
        assert!(answer.is_err(), "attempt {attempt}: UNSUBACK while the disk is full: {answer:?}");
        let state = client.drop_without_disconnect();
        client = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    }
    harness.stop();
}

/// CONNACK confirms that the session now belongs to the new connection. The broker has to store the takeover first.
#[tokio::test(flavor = "current_thread")]
async fn a_takeover_is_answered_once_there_is_space() {
    assert_takeover_waits_for_space(None).await;
}

/// The takeover publishes the will of the previous connection, and the same session subscribes to the topic of the
/// will.
#[tokio::test(flavor = "current_thread")]
async fn a_takeover_that_triggers_a_will_to_the_same_session_is_answered_once_there_is_space() {
    let topic = Name::parse("own/will").expect("a topic");
    assert_takeover_waits_for_space(Some(Will::new(topic, "last", QoS::AtLeastOnce))).await;
}

async fn assert_takeover_waits_for_space(will: Option<Will>) {
    let mut harness = Harness::start("").await;
    let mut options = persistent_client(&harness.broker, ProtocolVersion::V5, "twice");
    options.connect.will = will;
    let mut previous = connect(&options).await;
    subscribe(&mut previous, "own/#", 1).await;
    harness.disk.fail_with(Fault::NoSpace);
    {
        let mut takeover = pin!(Client::connect(&options, State::default()));
        tokio::select! {
            biased;
            client = &mut takeover => panic!("CONNACK while the disk is full: {:?}", client.map(|client| client.connack().clone())),
            () = harness.wait_until_refused() => {}
        }
        harness.disk.recover();
        let client = within_deadline("CONNACK", takeover).await.expect("CONNACK");
        assert!(client.connack().session_present);
    }
    harness.stop();
}

/// A clean start replaces a stored session. The broker has to store the removal before it confirms it with CONNACK.
#[tokio::test(flavor = "current_thread")]
async fn a_session_that_a_confirmed_clean_start_removed_does_not_return() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    let clean = clean_client(&harness.broker, ProtocolVersion::V5, "subscriber");
    let mut confirmed = false;
    for _ in 0..3 {
        let attempt = tokio::time::timeout(NO_ANSWER_WAIT, Client::connect(&clean, State::default())).await;
        confirmed |= attempt.is_ok_and(|client| client.is_ok());
    }
    harness.restart();
    let client = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "subscriber")).await;
    assert!(
        !(confirmed && client.connack().session_present),
        "CONNACK confirmed the removal, but the session is back"
    );
    harness.stop();
}

/// A failed store cannot store the removal of the session. The client must still get an answer.
#[tokio::test(flavor = "current_thread")]
async fn a_clean_start_over_a_stored_session_is_answered_after_a_store_failure() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::WriteError).await;
    let clean = clean_client(&harness.broker, ProtocolVersion::V5, "subscriber");
    let answer = within_deadline("CONNACK", Client::connect(&clean, State::default())).await;
    let is_answered = matches!(&answer, Ok(_) | Err(ClientError::Refused(_)));
    assert!(is_answered, "neither accepted nor refused: {:?}", answer.err());
    harness.stop_failed();
}

/// A refusal changes nothing in the store, so the broker sends it immediately, even if answers to packets that arrived
/// with the message wait for a commit.
#[tokio::test(flavor = "current_thread")]
async fn a_refusal_does_not_wait_for_acknowledgements_received_with_it() {
    let mut harness = Harness::start("").await;
    let mut options = persistent_client(&harness.broker, ProtocolVersion::V5, "both");
    (options.receiving, options.sending) = (AckSender::Caller, AckSender::Caller);
    let mut both = connect(&options).await;
    subscribe(&mut both, "both/#", 1).await;
    let mut other = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "other")).await;
    other.publish(message("both/a", "for both", 1)).await.expect("an open connection");
    let received = within_deadline("the message", both.message()).await.expect("an open connection");
    harness.fail(Fault::WriteError).await;
    let mut bytes = Vec::new();
    let puback = Ack::new(AckKind::PubAck, received.packet_id.expect("a packet id"), ReasonCode::Success);
    puback.encode(ProtocolVersion::V5, &mut bytes);
    encode(Publish { packet_id: PacketId::new(100), ..stored_message("refused", 2) }, &mut bytes);
    both.send_bytes(&bytes).await.expect("an open connection");
    let answer = within_deadline("PUBREC", both.event()).await.expect("an open connection");
    assert!(matches!(&answer, Event::Ack(ack) if ack.reason == ReasonCode::QuotaExceeded), "{answer:?}");
    harness.stop_failed();
}

/// The broker reads several messages to one topic together. If it refuses the messages that it would have to store, it
/// still delivers the QoS 0 messages.
#[tokio::test(flavor = "current_thread")]
async fn qos_0_is_delivered_when_a_neighbouring_message_of_its_topic_is_refused() {
    let mut harness = Harness::start("").await;
    let mut listener = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    harness.fail(Fault::NoSpace).await;
    let mut publisher = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    let large = "x".repeat(2048);
    let mut bytes = Vec::new();
    encode(message("live/a", &large, 0), &mut bytes);
    encode(Publish { packet_id: PacketId::new(100), ..message("live/a", &large, 1) }, &mut bytes);
    encode(message("live/end", "end", 0), &mut bytes);
    publisher.send_bytes(&bytes).await.expect("an open connection");
    let first = within_deadline("QoS 0", listener.message()).await.expect("an open connection");
    assert_eq!(first.topic, "live/a", "QoS 0 was refused with its neighbour");
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_refusal_over_mqtt_3_1_1_is_counted_once() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    let mut client = connect(&clean_client(&harness.broker, ProtocolVersion::V3_1_1, "publisher")).await;
    let retained = Publish { retain: true, ..stored_message("refused", 1) };
    client.publish(retained).await.expect("an open connection");
    let _ = within_deadline("the end of the connection", client.event()).await;
    let refused = harness.refused_payloads.len() + 1;
    assert_eq!(harness.stop(), refused, "the broker's counter of refused messages");
}

/// Returns the number of PUBCOMPs that have arrived so far.
fn received_pubcomps(client: &mut Client) -> usize {
    let events = std::iter::from_fn(|| client.take_event());
    events.filter(|event| matches!(event, Event::Acknowledged(_) | Event::Ack(_))).count()
}

fn encode(message: Publish, into: &mut Vec<u8>) {
    Packet::from(message).encode(ProtocolVersion::V5, into).expect("a packet");
}

/// Time to wait for an answer that must not arrive. An answer that needs no disk space takes less time.
const NO_ANSWER_WAIT: Duration = Duration::from_millis(500);
