//! What is acknowledged survives: the broker is killed at random moments, and nothing that it acknowledged is missing.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod publisher;
mod retained;
mod round;
mod sessions;
mod single;
mod subscriber;

use std::sync::Arc;

use tidegate_gateway::client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::tidegate::{kept, options};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, QoS, Will, topic};
use tokio::task::JoinSet;

use publisher::Publisher;
use round::{Moment, random};
use subscriber::Subscriber;

/// How often the broker is killed, unless `TIDEGATE_CRASH_ROUNDS` says otherwise.
const ROUNDS: u64 = 200;
/// Publishers, each with a topic of its own.
const PUBLISHERS: u32 = 4;

/// All that takes part, over all rounds.
struct World {
    broker: Broker,
    publishers: Vec<Publisher>,
    subscribers: Vec<Subscriber>,
    dying: State,
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_acknowledged_is_missing_and_nothing_comes_twice_at_qos_2() {
    let rounds = std::env::var("TIDEGATE_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let mut world = World::new().await;
    for round in 0..rounds.unwrap_or(ROUNDS) {
        let victim = world.begin(round).await;
        world.run_until_killed(round).await;
        drop(victim);
        world.broker.restart_in_place();
        world.check(round).await;
    }
    world.broker.stop();
}

impl World {
    async fn new() -> Self {
        let broker = durable();
        let mut subscribers = Vec::new();
        for name in ["online", "offline", "now and then"] {
            subscribers.push(Subscriber::new(&durable_client(&broker, name)).await);
        }
        let publishers = (0..PUBLISHERS).map(Publisher::new).collect();
        Self { broker, publishers, subscribers, dying: State::default() }
    }

    /// What is acknowledged before the messages: subscriptions, and a will.
    async fn begin(&mut self, round: u64) -> Client {
        let online = durable_client(&self.broker, "online");
        self.subscribers[0].change_subscriptions(&online, round).await;
        let mut dying = durable_client(&self.broker, "dying");
        let topic = topic::Name::parse(&format!("will/{round}")).expect("a topic");
        dying.connect.will = Some(Will::new(topic, "last", QoS::ExactlyOnce));
        Client::connect(&dying, self.dying.clone()).await.expect("CONNACK")
    }

    /// Publishes as fast as the broker takes it, and kills it after some acknowledgements.
    async fn run_until_killed(&mut self, round: u64) {
        let moment = Arc::new(Moment::new(random(round) % u64::from(PUBLISHERS * publisher::MESSAGES)));
        let mut publishing = JoinSet::new();
        for publisher in self.publishers.drain(..) {
            let options = durable_client(&self.broker, &publisher.client_id());
            publishing.spawn(publisher.publish(options, Arc::clone(&moment)));
        }
        let mut listening = JoinSet::new();
        for subscriber in self.subscribers.drain(..) {
            let options = durable_client(&self.broker, subscriber.client_id());
            if is_listening(subscriber.client_id(), round) {
                listening.spawn(subscriber.listen(options));
            } else {
                listening.spawn(async { subscriber });
            }
        }
        moment.come().await;
        self.broker.kill_in_place();
        self.publishers = publishing.join_all().await;
        self.subscribers = listening.join_all().await;
        self.subscribers.sort_by_key(|subscriber| subscriber.client_id() != "online");
    }

    async fn check(&mut self, round: u64) {
        let mut watcher =
            Client::connect(&passing_client(&self.broker), State::default()).await.expect("CONNACK");
        round::check_retained(&mut watcher, &self.publishers).await;
        for publisher in &mut self.publishers {
            publisher.settle(&durable_client(&self.broker, &publisher.client_id())).await;
        }
        round::publish_extras(&mut watcher, round).await;
        let numbers = self.publishers.iter().flat_map(Publisher::numbers).collect();
        for subscriber in &mut self.subscribers {
            let options = durable_client(&self.broker, subscriber.client_id());
            subscriber.catch_up(&options, &numbers, round).await;
        }
        self.subscribers[0].check_extras(round);
    }
}

/// One subscriber is always there, one never, one in every second round.
fn is_listening(client_id: &str, round: u64) -> bool {
    client_id == "online" || client_id == "now and then" && round % 2 == 1
}

/// A broker that keeps what it acknowledges.
fn durable() -> Broker {
    Broker::start_with(Config::every_transport().with("persistence:\n  durability: always\n"))
}

fn durable_client(broker: &Broker, client_id: &str) -> Options {
    kept(passing_client_named(broker, client_id))
}

fn passing_client(broker: &Broker) -> Options {
    passing_client_named(broker, "watcher")
}

fn passing_client_named(broker: &Broker, client_id: &str) -> Options {
    options(broker, Transport::Tcp, ProtocolVersion::V5, client_id)
}
