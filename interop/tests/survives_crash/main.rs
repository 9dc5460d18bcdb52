//! Crash tests: the broker is killed at random moments and restarted. Everything that the broker had acknowledged must
//! survive.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod publisher;
mod retained;
mod round;
mod sessions;
mod subscriber;
mod subscriptions_and_wills;

use std::sync::Arc;

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::tidegate_client::{client_options, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, QoS, Will, topic};
use tokio::task::JoinSet;

use publisher::Publisher;
use round::{KillTrigger, pseudo_random};
use subscriber::Subscriber;

/// Number of times that the broker is killed, unless `TIDEGATE_CRASH_ROUNDS` sets another number.
const DEFAULT_ROUND_COUNT: u64 = 200;
/// Number of publishers. Each publishes to its own topic.
const PUBLISHER_COUNT: u32 = 4;

/// The broker and all clients of the test, which keep their state over all rounds.
struct Harness {
    broker: Broker,
    publishers: Vec<Publisher>,
    subscribers: Vec<Subscriber>,
    /// The client-side session state of the client that has a will.
    will_client_state: State,
}

#[tokio::test(flavor = "current_thread")]
async fn acknowledged_messages_survive_kills_and_qos_2_messages_arrive_once() {
    let rounds = std::env::var("TIDEGATE_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let mut harness = Harness::new().await;
    for round in 0..rounds.unwrap_or(DEFAULT_ROUND_COUNT) {
        let client_with_will = harness.begin_round(round).await;
        harness.run_until_killed(round).await;
        drop(client_with_will);
        harness.broker.restart();
        harness.check(round).await;
    }
    harness.broker.stop();
}

impl Harness {
    async fn new() -> Self {
        let broker = start_durable_broker();
        let mut subscribers = Vec::new();
        for name in ["online", "offline", "now and then"] {
            subscribers.push(Subscriber::new(&persistent_client(&broker, name)).await);
        }
        let publishers = (0..PUBLISHER_COUNT).map(Publisher::new).collect();
        Self { broker, publishers, subscribers, will_client_state: State::default() }
    }

    /// Starts a round: changes the subscriptions of a client, and connects a client with a will. Returns the client
    /// with the will.
    async fn begin_round(&mut self, round: u64) -> Client {
        let online = persistent_client(&self.broker, "online");
        self.subscribers[0].change_subscriptions(&online, round).await;
        let mut options = persistent_client(&self.broker, "with-will");
        let topic = topic::Name::parse(&format!("will/{round}")).expect("a topic");
        options.connect.will = Some(Will::new(topic, "last", QoS::ExactlyOnce));
        Client::connect(&options, self.will_client_state.clone()).await.expect("CONNACK")
    }

    /// Publishes as fast as the broker accepts messages, and kills the broker after a random number of
    /// acknowledgements.
    async fn run_until_killed(&mut self, round: u64) {
        let kill_trigger = Arc::new(KillTrigger::new(
            pseudo_random(round) % u64::from(PUBLISHER_COUNT * publisher::MESSAGES_PER_ROUND),
        ));
        let mut publishing = JoinSet::new();
        for publisher in self.publishers.drain(..) {
            let options = persistent_client(&self.broker, &publisher.client_id());
            publishing.spawn(publisher.publish(options, Arc::clone(&kill_trigger)));
        }
        let mut receiving = JoinSet::new();
        for subscriber in self.subscribers.drain(..) {
            let options = persistent_client(&self.broker, subscriber.client_id());
            if is_connected(subscriber.client_id(), round) {
                receiving.spawn(subscriber.receive_until_disconnect(options));
            } else {
                receiving.spawn(async { subscriber });
            }
        }
        kill_trigger.wait().await;
        self.broker.kill();
        self.publishers = publishing.join_all().await;
        self.subscribers = receiving.join_all().await;
        self.subscribers.sort_by_key(|subscriber| subscriber.client_id() != "online");
    }

    /// Checks after the restart that no acknowledged message and no acknowledged subscription is lost.
    async fn check(&mut self, round: u64) {
        let mut observer =
            Client::connect(&clean_client(&self.broker), State::default()).await.expect("CONNACK");
        round::check_retained(&mut observer, &self.publishers).await;
        for publisher in &mut self.publishers {
            publisher.complete_unacknowledged(&persistent_client(&self.broker, &publisher.client_id())).await;
        }
        round::publish_to_round_topics(&mut observer, round).await;
        let numbers = self.publishers.iter().flat_map(Publisher::numbers).collect();
        for subscriber in &mut self.subscribers {
            let options = persistent_client(&self.broker, subscriber.client_id());
            subscriber.catch_up(&options, &numbers, round).await;
        }
        self.subscribers[0].check_round_topics(round);
    }
}

/// Returns whether the subscriber is connected during a round: `online` always is, `now and then` is in every second
/// round, and `offline` never is.
fn is_connected(client_id: &str, round: u64) -> bool {
    client_id == "online" || client_id == "now and then" && round % 2 == 1
}

/// Starts a broker that syncs every change to disk before it acknowledges the change.
fn start_durable_broker() -> Broker {
    Broker::start_with(Config::every_transport().with("persistence:\n  durability: always\n"))
}

fn persistent_client(broker: &Broker, client_id: &str) -> Options {
    with_persistent_session(clean_client_named(broker, client_id))
}

fn clean_client(broker: &Broker) -> Options {
    clean_client_named(broker, "observer")
}

fn clean_client_named(broker: &Broker, client_id: &str) -> Options {
    client_options(broker, Transport::Tcp, ProtocolVersion::V5, client_id)
}
