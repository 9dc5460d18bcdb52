//! While the disk is full, an answer rests on nothing that is not kept: neither after a takeover nor to who comes back.

use std::pin::pin;
use std::time::Duration;

use tidegate_gateway::client::{Client, ClientError, Event, Side, State};
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{message, subscribe};
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, Will};

use crate::world::{World, clean, connect, session, to_keep};

/// The message was never kept: PUBREC for its repeat would have the client forget it.
#[tokio::test(flavor = "current_thread")]
async fn a_repeat_on_another_connection_waits_as_the_first_does() {
    let mut world = World::start("").await;
    let options = session(&world.broker, ProtocolVersion::V5, "early");
    let mut early = connect(&options).await;
    world.disk.fails(Fault::NoRoom);
    early.publish(to_keep("under way", 2)).await.expect("the connection");
    world.until_refused().await;
    let state = early.abandon();
    let mut early = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    within_deadline("PINGRESP", early.ping()).await.expect("the connection");
    let state = early.abandon();
    world.restart();
    let mut early = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    within_deadline("the answer", early.settle()).await.expect("the connection");
    world.note("under way at 2".to_owned(), ReasonCode::Success);
    world.check_kept().await;
    world.stop();
}

/// The release was never kept: the next message under its identifier would be taken for a repeat.
#[tokio::test(flavor = "current_thread")]
async fn a_release_on_another_connection_waits_as_the_first_does() {
    let mut world = World::start("").await;
    let mut options = session(&world.broker, ProtocolVersion::V5, "releasing");
    options.sending = Side::Caller;
    let mut client = connect(&options).await;
    let id = client.publish(to_keep("released", 2)).await.expect("the connection").expect("an identifier");
    within_deadline("PUBREC", client.event()).await.expect("the connection");
    world.fail(Fault::NoRoom).await;
    let release = Ack::new(AckKind::PubRel, id, ReasonCode::Success);
    client.acknowledge(&release).await.expect("the connection");
    within_deadline("PINGRESP", client.ping()).await.expect("the connection");
    let state = client.abandon();
    let mut client = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    client.acknowledge(&release).await.expect("the connection");
    within_deadline("PINGRESP", client.ping()).await.expect("the connection");
    assert_eq!(completed(&mut client), 0, "PUBCOMP without room");
    world.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn an_end_of_a_subscription_on_another_connection_waits_as_the_first_does() {
    let mut world = World::start("").await;
    let options = session(&world.broker, ProtocolVersion::V5, "leaving");
    let mut client = connect(&options).await;
    subscribe(&mut client, "live/#", 1).await;
    world.fail(Fault::NoRoom).await;
    for attempt in 0..2 {
        let filter = SubscriptionFilter::parse("live/#").expect("a filter");
        let unsubscribed = client.unsubscribe([filter]);
        let answer = tokio::time::timeout(WHILE, unsubscribed).await;
        assert!(answer.is_err(), "attempt {attempt}: UNSUBACK without room: {answer:?}");
        let state = client.abandon();
        client = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
    }
    world.stop();
}

/// CONNACK says that the session is this connection's, which has to be kept.
#[tokio::test(flavor = "current_thread")]
async fn a_takeover_waits_for_room() {
    a_takeover_that_waits(None).await;
}

/// The will of the former connection goes to the session itself, in the midst of the takeover.
#[tokio::test(flavor = "current_thread")]
async fn a_takeover_waits_for_room_though_its_own_will_comes() {
    let topic = Name::parse("own/will").expect("a topic");
    a_takeover_that_waits(Some(Will::new(topic, "last", QoS::AtLeastOnce))).await;
}

async fn a_takeover_that_waits(will: Option<Will>) {
    let mut world = World::start("").await;
    let mut options = session(&world.broker, ProtocolVersion::V5, "twice");
    options.connect.will = will;
    let mut former = connect(&options).await;
    subscribe(&mut former, "own/#", 1).await;
    world.disk.fails(Fault::NoRoom);
    {
        let mut latter = pin!(Client::connect(&options, State::default()));
        tokio::select! {
            biased;
            client = &mut latter => panic!("CONNACK without room: {:?}", client.map(|client| client.connack().clone())),
            () = world.until_refused() => {}
        }
        world.disk.works();
        let client = within_deadline("CONNACK", latter).await.expect("CONNACK");
        assert!(client.connack().session_present);
    }
    world.stop();
}

/// A session that ends with its connection comes in place of one that is kept: that the latter is gone has to be kept.
#[tokio::test(flavor = "current_thread")]
async fn a_clean_start_that_was_confirmed_leaves_nothing() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    let passing = clean(&world.broker, ProtocolVersion::V5, "keeper");
    let mut confirmed = false;
    for _ in 0..3 {
        let attempt = tokio::time::timeout(WHILE, Client::connect(&passing, State::default())).await;
        confirmed |= attempt.is_ok_and(|client| client.is_ok());
    }
    world.restart();
    let client = connect(&session(&world.broker, ProtocolVersion::V5, "keeper")).await;
    assert!(
        !(confirmed && client.connack().session_present),
        "the session is back that CONNACK said was gone"
    );
    world.stop();
}

/// A store that failed keeps nothing any more: whoever asks is told so.
#[tokio::test(flavor = "current_thread")]
async fn a_clean_start_over_a_kept_session_has_an_answer_of_a_failed_store() {
    let mut world = World::start("").await;
    world.fail(Fault::Writes).await;
    let passing = clean(&world.broker, ProtocolVersion::V5, "keeper");
    let answer = within_deadline("CONNACK", Client::connect(&passing, State::default())).await;
    let is_answered = matches!(&answer, Ok(_) | Err(ClientError::Refused(_)));
    assert!(is_answered, "neither accepted nor refused: {:?}", answer.err());
    world.stop();
}

/// What is refused waits for nothing, whatever came with it.
#[tokio::test(flavor = "current_thread")]
async fn a_refusal_does_not_wait_for_acknowledgements_that_came_with_it() {
    let mut world = World::start("").await;
    let mut options = session(&world.broker, ProtocolVersion::V5, "both");
    (options.receiving, options.sending) = (Side::Caller, Side::Caller);
    let mut both = connect(&options).await;
    subscribe(&mut both, "both/#", 1).await;
    let mut other = connect(&clean(&world.broker, ProtocolVersion::V5, "other")).await;
    other.publish(message("both/a", "for both", 1)).await.expect("the connection");
    let received = within_deadline("the message", both.message()).await.expect("the connection");
    world.fail(Fault::Writes).await;
    let mut bytes = Vec::new();
    let puback = Ack::new(AckKind::PubAck, received.packet_id.expect("an identifier"), ReasonCode::Success);
    puback.encode(ProtocolVersion::V5, &mut bytes);
    encode(Publish { packet_id: PacketId::new(100), ..to_keep("refused", 2) }, &mut bytes);
    both.send_bytes(&bytes).await.expect("the connection");
    let answer = within_deadline("PUBREC", both.event()).await.expect("the connection");
    assert!(matches!(&answer, Event::Ack(ack) if ack.reason == ReasonCode::QuotaExceeded), "{answer:?}");
    world.stop();
}

/// A message at QoS 0 that comes with others of its topic is not refused with them.
#[tokio::test(flavor = "current_thread")]
async fn qos_0_goes_on_beside_others_of_its_topic() {
    let mut world = World::start("").await;
    let mut listener = connect(&clean(&world.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    world.fail(Fault::NoRoom).await;
    let mut publisher = connect(&clean(&world.broker, ProtocolVersion::V5, "publisher")).await;
    let large = "x".repeat(2048);
    let mut bytes = Vec::new();
    encode(message("live/a", &large, 0), &mut bytes);
    encode(Publish { packet_id: PacketId::new(100), ..message("live/a", &large, 1) }, &mut bytes);
    encode(message("live/end", "end", 0), &mut bytes);
    publisher.send_bytes(&bytes).await.expect("the connection");
    let first = within_deadline("QoS 0", listener.message()).await.expect("the connection");
    assert_eq!(first.topic, "live/a", "QoS 0 was refused with its neighbour");
    world.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_refusal_of_3_1_1_counts_once() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    let mut client = connect(&clean(&world.broker, ProtocolVersion::V3_1_1, "publisher")).await;
    let retained = Publish { retain: true, ..to_keep("refused", 1) };
    client.publish(retained).await.expect("the connection");
    let _ = within_deadline("the end", client.event()).await;
    let refused = world.refused.len() + 1;
    assert_eq!(world.stop(), refused, "what the broker counted");
}

/// The PUBCOMPs that have come by now.
fn completed(client: &mut Client) -> usize {
    let events = std::iter::from_fn(|| client.take_event());
    events.filter(|event| matches!(event, Event::Acknowledged(_) | Event::Ack(_))).count()
}

fn encode(message: Publish, into: &mut Vec<u8>) {
    Packet::from(message).encode(ProtocolVersion::V5, into).expect("a packet");
}

/// How long an answer is waited for that is not to come; longer than one takes that needs no room.
const WHILE: Duration = Duration::from_millis(500);
