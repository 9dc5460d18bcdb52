//! A full disk that has room again: what was under way is acknowledged then and not before, and what needs no room goes on.

use std::collections::HashMap;

use tidegate_gateway::client::{Client, Event, Side};
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{message, subscribe};
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Ack, AckKind, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, Will};

use crate::world::{World, answers, clean, connect, session, to_keep};

#[tokio::test(flavor = "current_thread")]
async fn what_was_under_way_is_acknowledged_once_there_is_room() {
    let mut world = World::start("").await;
    let mut early = connect(&session(&world.broker, ProtocolVersion::V5, "early")).await;
    world.disk.fails(Fault::NoRoom);
    let under_way = publish_under_way(&mut early).await;
    world.until_refused().await;
    within_deadline("PINGRESP", early.ping()).await.expect("the connection");
    assert_eq!(answers(&mut early), [], "acknowledged without room");

    world.disk.works();
    let before = world.acknowledged.len();
    settle(&mut world, &mut early, under_way).await;
    assert!(world.acknowledged.len() > before, "what was under way is taken in the end");
    let mut late = connect(&clean(&world.broker, ProtocolVersion::V5, "late")).await;
    world.until_accepted(&mut late).await;
    for qos in [1, 2] {
        let reason = world.publish(&mut late, "taken again", qos).await;
        assert!(!reason.is_error(), "QoS {qos}: {reason:?}");
    }
    world.restart();
    world.check_kept().await;
    world.stop();
}

/// PUBCOMP says that the identifier is forgotten, which has to be kept as well.
#[tokio::test(flavor = "current_thread")]
async fn a_release_is_answered_once_there_is_room() {
    let mut world = World::start("").await;
    let mut options = session(&world.broker, ProtocolVersion::V5, "releasing");
    options.sending = Side::Caller;
    let mut client = connect(&options).await;
    let id = client.publish(to_keep("released", 2)).await.expect("the connection").expect("an identifier");
    let event = within_deadline("PUBREC", client.event()).await.expect("the connection");
    assert!(
        matches!(&event, Event::Ack(ack) if ack.kind == AckKind::PubRec && !ack.reason.is_error()),
        "{event:?}"
    );
    world.fail(Fault::NoRoom).await;
    client.acknowledge(&Ack::new(AckKind::PubRel, id, ReasonCode::Success)).await.expect("the connection");
    within_deadline("PINGRESP", client.ping()).await.expect("the connection");
    assert_eq!(answers(&mut client), [], "PUBCOMP without room");
    world.disk.works();
    let done = within_deadline("PUBCOMP", client.acknowledged(id)).await.expect("the connection");
    assert_eq!(done.reason, ReasonCode::Success);
    world.stop();
}

/// Killed while full: what was under way may be there or not.
#[tokio::test(flavor = "current_thread")]
async fn what_was_acknowledged_outlives_an_end_while_full() {
    let mut world = World::start("").await;
    let mut early = connect(&session(&world.broker, ProtocolVersion::V5, "early")).await;
    world.disk.fails(Fault::NoRoom);
    publish_under_way(&mut early).await;
    world.until_refused().await;
    world.restart();
    world.check_kept().await;
    world.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn qos_0_goes_on() {
    let mut world = World::start("").await;
    let mut listener = connect(&clean(&world.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    let mut early = connect(&clean(&world.broker, ProtocolVersion::V5, "early")).await;
    world.disk.fails(Fault::NoRoom);
    publish_under_way(&mut early).await;
    world.until_refused().await;
    let mut old = connect(&clean(&world.broker, ProtocolVersion::V3_1_1, "old")).await;
    let mut new = connect(&clean(&world.broker, ProtocolVersion::V5, "new")).await;
    // `early` waits for acknowledgements.
    for (name, client) in [("early", &mut early), ("old", &mut old), ("new", &mut new)] {
        client.publish(message(&format!("live/{name}"), "on", 0)).await.expect("the connection");
        let message = within_deadline(name, listener.message()).await.expect("the connection");
        assert_eq!(message.topic, format!("live/{name}"));
        within_deadline("PINGRESP", client.ping()).await.expect("the connection");
    }
    world.stop();
}

/// QoS 2 messages wait for room on their way out too; what needs none does not wait behind them.
#[tokio::test(flavor = "current_thread")]
async fn receivers_of_what_waits_are_served() {
    let mut world = World::start("").await;
    let mut receiver = connect(&session(&world.broker, ProtocolVersion::V5, "receiver")).await;
    subscribe(&mut receiver, "kept/#", 2).await;
    subscribe(&mut receiver, "live/#", 0).await;
    let mut early = connect(&session(&world.broker, ProtocolVersion::V5, "early")).await;
    world.disk.fails(Fault::NoRoom);
    let under_way = publish_under_way(&mut early).await;
    world.until_refused().await;
    within_deadline("PINGRESP", receiver.ping()).await.expect("the connection");
    early.publish(message("live/a", "on", 0)).await.expect("the connection");
    let mut received = Vec::new();
    within_deadline("QoS 0", async {
        while received.last().is_none_or(|message: &Publish| message.topic != "live/a") {
            received.push(receiver.message().await.expect("the connection"));
        }
    })
    .await;
    let early_ones = received.iter().filter(|message| message.qos == QoS::ExactlyOnce).count();
    assert_eq!(early_ones, 0, "a QoS 2 message went out before it was kept");
    world.disk.works();
    settle(&mut world, &mut early, under_way).await;
    let waiting =
        world.acknowledged.iter().filter(|text| text.starts_with("under way") && text.ends_with('2'));
    for _ in 0..waiting.count() {
        within_deadline("QoS 2", async {
            while receiver.message().await.expect("the connection").qos != QoS::ExactlyOnce {}
        })
        .await;
    }
    world.stop();
}

/// A retained message at QoS 0 and a will have no answer that could refuse them: they go to who is there, and are not kept.
#[tokio::test(flavor = "current_thread")]
async fn what_nobody_could_be_told_of_is_passed_on_and_not_kept() {
    let mut world = World::start("").await;
    let mut listener = connect(&clean(&world.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 2).await;
    let mut dying = clean(&world.broker, ProtocolVersion::V5, "dying");
    let will = Will::new(Name::parse("live/will").expect("a topic"), "last", QoS::ExactlyOnce);
    dying.connect.will = Some(Will { retain: true, ..will });
    let dying = connect(&dying).await;
    let mut publisher = connect(&clean(&world.broker, ProtocolVersion::V5, "publisher")).await;
    world.fail(Fault::NoRoom).await;
    publisher
        .publish(Publish { retain: true, ..message("live/retained", "on", 0) })
        .await
        .expect("the connection");
    let retained = within_deadline("the message", listener.message()).await.expect("the connection");
    assert_eq!((&*retained.topic, retained.qos), ("live/retained", QoS::AtMostOnce));
    let _ = dying.abandon();
    let will = within_deadline("the will", listener.message()).await.expect("the connection");
    assert_eq!((&*will.topic, will.qos), ("live/will", QoS::AtMostOnce));

    world.disk.works();
    world.until_accepted(&mut publisher).await;
    let mut late = connect(&clean(&world.broker, ProtocolVersion::V5, "late")).await;
    subscribe(&mut late, "live/#", 0).await;
    late.publish(message("live/end", "on", 0)).await.expect("the connection");
    let first = within_deadline("the first message", late.message()).await.expect("the connection");
    assert_eq!(first.topic, "live/end", "nothing was retained");
    world.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn the_log_says_once_that_it_is_full_and_once_that_it_works() {
    let mut world = World::start("").await;
    world.fail(Fault::NoRoom).await;
    let full = world.broker.wait_for_log(is_full, "line that says that the store is full");
    assert!(full.contains("No space left on device"), "the reason: {full}");
    world.disk.works();
    world.broker.wait_for_log(works, "line that says that the store works again");
    let mut client = connect(&clean(&world.broker, ProtocolVersion::V5, "client")).await;
    world.until_accepted(&mut client).await;
    let text = world.broker.log().text();
    let told: Vec<_> = text.lines().filter(|line| is_full(line) || works(line)).map(works).collect();
    assert_eq!(told, [false, true], "{text}");
    world.stop();
}

fn is_full(line: &str) -> bool {
    line.contains("\"level\":\"WARN\"") && line.contains("the store is full")
}

fn works(line: &str) -> bool {
    line.contains("\"level\":\"INFO\"") && line.contains("the store works again")
}

/// Publishes before the broker can know that there is no room.
async fn publish_under_way(client: &mut Client) -> HashMap<PacketId, String> {
    let mut under_way = HashMap::new();
    for number in 0..5 {
        for qos in [1, 2] {
            let message = to_keep(&format!("under way {number}"), qos);
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            let id = client.publish(message).await.expect("the connection").expect("an identifier");
            under_way.insert(id, payload);
        }
    }
    under_way
}

/// Waits for the answers to all of them, and notes them.
async fn settle(world: &mut World, client: &mut Client, mut under_way: HashMap<PacketId, String>) {
    within_deadline("the answers", async {
        while !under_way.is_empty() {
            if let Event::Acknowledged(done) = client.event().await.expect("the connection") {
                world.note(under_way.remove(&done.packet_id).expect("one of ours"), done.reason);
            }
        }
    })
    .await;
}
