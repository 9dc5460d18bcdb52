//! What is acknowledged survives: the broker is killed at random moments, and nothing that it acknowledged is missing.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use tidegate_gateway::client::{Client, Event, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{kept, message, options, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS};

/// How often the broker is killed.
const ROUNDS: u64 = 200;
/// Messages that are published in a round, half of them at QoS 2.
const MESSAGES: u32 = 60;

#[ignore = "of a preview: 200 kills take half a minute"]
#[tokio::test(flavor = "current_thread")]
async fn nothing_acknowledged_is_missing_and_no_qos_2_message_comes_twice() {
    let mut broker = durable();
    let mut open = Client::connect(&subscriber(&broker), State::default()).await.expect("CONNACK");
    subscribe(&mut open, "crash/#", 2).await;
    let mut inbox = open.abandon();
    let mut outbox = State::default();
    for round in 0..ROUNDS {
        let first = u32::try_from(round).expect("few rounds") * MESSAGES;
        let mut received = BTreeSet::new();
        // In every second round the subscriber is connected, and what reaches it before the end counts.
        let online = if round.is_multiple_of(2) {
            None
        } else {
            Some(Client::connect(&subscriber(&broker), inbox.clone()).await.expect("CONNACK"))
        };
        let (acknowledged, left) = publish_until_killed(&mut broker, round, first, outbox).await;
        if let Some(mut online) = online {
            while let Ok(message) = online.message().await {
                note(&mut received, first, &message);
            }
            // What came together with the end.
            while let Some(event) = online.take_event() {
                if let Event::Message(message) = event {
                    note(&mut received, first, &message);
                }
            }
            inbox = online.abandon();
        }
        broker.restart_in_place();
        outbox = publish_the_rest(&broker, first, left).await;
        inbox = receive_all(&broker, first, &mut received, inbox).await;
        let missing: Vec<_> = acknowledged.difference(&received).collect();
        assert!(missing.is_empty(), "round {round}: acknowledged, yet missing: {missing:?}");
    }
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn subscriptions_and_retained_messages_are_whole() {
    let broker = durable();
    let mut client = Client::connect(&subscriber(&broker), State::default()).await.expect("CONNACK");
    for n in 0..50 {
        subscribe(&mut client, &format!("kept/{n}"), 1).await;
        let retained = Publish { retain: true, ..message(&format!("retained/{n}"), "kept", 1) };
        let id = client.publish(retained).await.expect("the connection").expect("an identifier");
        client.acknowledged(id).await.expect("PUBACK");
    }
    let state = client.abandon();
    let broker = broker.kill_and_restart();
    let mut client = Client::connect(&subscriber(&broker), state).await.expect("CONNACK");
    assert!(client.connack().session_present, "the session is there");
    for n in 0..50 {
        let published = message(&format!("kept/{n}"), "again", 1);
        client.publish(published).await.expect("the connection");
        assert_eq!(client.message().await.expect("the connection").topic, format!("kept/{n}"));
    }
    subscribe(&mut client, "retained/+", 1).await;
    let mut topics = BTreeSet::new();
    while topics.len() < 50 {
        topics.insert(client.message().await.expect("the connection").topic);
    }
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_will_is_sent_once_after_a_crash() {
    let broker = durable();
    let mut watcher = Client::connect(&subscriber(&broker), State::default()).await.expect("CONNACK");
    subscribe(&mut watcher, "gone", 1).await;
    let inbox = watcher.abandon();
    let mut dying = kept(options(&broker, Transport::Tcp, ProtocolVersion::V5, "dying"));
    let topic = tidegate_mqtt::topic::Name::parse("gone").expect("a topic");
    dying.connect.will = Some(tidegate_mqtt::Will::new(topic, "last", QoS::AtLeastOnce));
    let living = Client::connect(&dying, State::default()).await.expect("CONNACK");
    let broker = broker.kill_and_restart();
    drop(living);
    let mut watcher = Client::connect(&subscriber(&broker), inbox).await.expect("CONNACK");
    assert_eq!(watcher.message().await.expect("the connection").payload.as_ref(), b"last");
    // What is kept and acknowledged after it covers that it was sent.
    let other = Publish { retain: true, ..message("other", "kept", 1) };
    let id = watcher.publish(other).await.expect("the connection").expect("an identifier");
    watcher.acknowledged(id).await.expect("PUBACK");
    let state = watcher.abandon();
    let broker = broker.kill_and_restart();
    let mut watcher = Client::connect(&subscriber(&broker), state).await.expect("CONNACK");
    watcher.publish(message("gone", "sentinel", 1)).await.expect("the connection");
    assert_eq!(watcher.message().await.expect("the connection").payload.as_ref(), b"sentinel");
    broker.stop();
}

/// A broker that keeps what it acknowledges.
fn durable() -> Broker {
    Broker::start_with(Config::every_transport().with("persistence:\n  durability: always\n"))
}

fn subscriber(broker: &Broker) -> Options {
    kept(options(broker, Transport::Tcp, ProtocolVersion::V5, "subscriber"))
}

fn publisher(broker: &Broker) -> Options {
    kept(options(broker, Transport::Tcp, ProtocolVersion::V5, "publisher"))
}

fn numbered(number: u32) -> Publish {
    message("crash/a", &number.to_string(), if number.is_multiple_of(2) { 2 } else { 1 })
}

/// Publishes as fast as the broker takes it; kills it after some acknowledgements. Gives the numbers acknowledged.
async fn publish_until_killed(
    broker: &mut Broker,
    round: u64,
    first: u32,
    state: State,
) -> (BTreeSet<u32>, State) {
    let mut client = Client::connect(&publisher(broker), state).await.expect("CONNACK");
    let enough = usize::try_from(random(round) % u64::from(MESSAGES)).expect("a small number");
    let mut numbers = std::collections::HashMap::new();
    let mut acknowledged = BTreeSet::new();
    for number in first..first + MESSAGES {
        let id = client.publish(numbered(number)).await.expect("the connection").expect("an identifier");
        numbers.insert(id, number);
        while let Some(event) = client.take_event() {
            if let Event::Acknowledged(done) = event {
                acknowledged.extend(numbers.remove(&done.packet_id));
            }
        }
    }
    while acknowledged.len() < enough {
        if let Event::Acknowledged(done) = client.event().await.expect("the connection") {
            acknowledged.extend(numbers.remove(&done.packet_id));
        }
    }
    broker.kill_in_place();
    // What it had sent before it died counts as well.
    while let Ok(event) = client.event().await {
        if let Event::Acknowledged(done) = event {
            acknowledged.extend(numbers.remove(&done.packet_id));
        }
    }
    (acknowledged, client.abandon())
}

/// The publisher comes back and completes what was open.
async fn publish_the_rest(broker: &Broker, first: u32, state: State) -> State {
    within_deadline("the rest", async {
        let mut client = Client::connect(&publisher(broker), state).await.expect("CONNACK");
        assert!(client.connack().session_present, "the publisher's session, before message {first}");
        client.settle().await.expect("the acknowledgements");
        client.abandon()
    })
    .await
}

/// The subscriber comes back and takes everything that it has not got yet.
async fn receive_all(broker: &Broker, first: u32, received: &mut BTreeSet<u32>, state: State) -> State {
    within_deadline("all messages", async {
        let mut client = Client::connect(&subscriber(broker), state).await.expect("CONNACK");
        assert!(client.connack().session_present, "the subscriber's session, before message {first}");
        while received.len() < usize::try_from(MESSAGES).expect("a small number") {
            let message = client.message().await.expect("the connection");
            note(received, first, &message);
        }
        client.settle().await.expect("the last acknowledgements");
        client.disconnect(tidegate_mqtt::ReasonCode::Success).await.expect("an orderly end")
    })
    .await
}

/// Notes a message; none may come twice at QoS 2. At QoS 1 one of the round before may come once more.
fn note(received: &mut BTreeSet<u32>, first: u32, message: &Publish) {
    let text = String::from_utf8_lossy(&message.payload);
    let number: u32 = text.parse().expect("a number");
    let fresh = number >= first && received.insert(number);
    assert!(fresh || message.qos == QoS::AtLeastOnce, "{number} came twice at QoS 2: {message:?}");
}

/// A number without a pattern.
fn random(round: u64) -> u64 {
    let mut mixed = round.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 27;
    mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}
