//! A subscriber with a persistent session. The subscriber records the messages that it receives over all connections,
//! and checks that no QoS 2 message arrives twice.

use std::collections::BTreeSet;

use tidegate_client::{Client, Event, Options, State};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::subscribe;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Publish, QoS, ReasonCode};

use crate::round::round_topic;

pub struct Subscriber {
    client_id: String,
    state: State,
    /// The numbers of the received messages.
    received: BTreeSet<u32>,
    /// The topics of all received wills, and of the received messages to round topics.
    other_topics: BTreeSet<String>,
}

impl Subscriber {
    /// Connects to create the session, subscribes, and drops the connection.
    pub async fn new(options: &Options) -> Self {
        let mut client = Client::connect(options, State::default()).await.expect("CONNACK");
        subscribe(&mut client, "crash/#", 2).await;
        subscribe(&mut client, "will/#", 2).await;
        let client_id = options.connect.client_id.clone();
        Self {
            client_id,
            state: client.drop_without_disconnect(),
            received: BTreeSet::new(),
            other_topics: BTreeSet::new(),
        }
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Subscribes to the topic of this round, and unsubscribes from the topic of the previous round.
    pub async fn change_subscriptions(&mut self, options: &Options, round: u64) {
        let mut client = self.connect(options).await;
        subscribe(&mut client, &round_topic(round), 1).await;
        if let Some(previous) = round.checked_sub(1) {
            self.other_topics.remove(&round_topic(previous));
            let previous = SubscriptionFilter::parse(&round_topic(previous)).expect("a filter");
            let unsuback = client.unsubscribe([previous]).await.expect("UNSUBACK");
            assert_eq!(unsuback.reasons, [ReasonCode::Success], "the previous subscription is lost");
        }
        self.drop_connection(client);
    }

    /// Receives messages until the connection ends.
    pub async fn receive_until_disconnect(mut self, options: Options) -> Self {
        // The broker may be killed before CONNACK.
        let Ok(mut client) = Client::connect(&options, self.state.clone()).await else { return self };
        assert!(client.connack().session_present, "the session of {} is lost", self.client_id);
        while let Ok(message) = client.message().await {
            self.record(&message);
        }
        self.drop_connection(client);
        self
    }

    /// Reconnects after the restart of the broker, and receives all messages that are missing, including the will of
    /// this round.
    pub async fn catch_up(&mut self, options: &Options, numbers: &BTreeSet<u32>, round: u64) {
        let mut client = self.connect(options).await;
        let has_round_topic = self.client_id == "online";
        let all = async {
            while self.received.len() < numbers.len()
                || !self.other_topics.contains(&format!("will/{round}"))
                || has_round_topic && !self.other_topics.contains(&round_topic(round))
            {
                let message = client.message().await.expect("an open connection");
                self.record(&message);
            }
            client.finish_exchanges().await.expect("all acknowledgements");
        };
        if tokio::time::timeout(tidegate_interop::process::EVENT_TIMEOUT, all).await.is_err() {
            let missing: Vec<_> = numbers.difference(&self.received).take(20).collect();
            panic!(
                "round {round}: {} does not receive {missing:?}; other topics received: {:?}",
                self.client_id, self.other_topics
            );
        }
        self.drop_connection(client);
    }

    /// Checks that the subscription of this round has survived, and that the removal of the subscription of the
    /// previous round has survived too.
    pub fn check_round_topics(&self, round: u64) {
        assert!(self.other_topics.contains(&round_topic(round)));
        if let Some(previous) = round.checked_sub(1) {
            assert!(
                !self.other_topics.contains(&round_topic(previous)),
                "round {round}: a message for a removed subscription arrived"
            );
        }
    }

    async fn connect(&self, options: &Options) -> Client {
        within_deadline("CONNACK", async {
            let client = Client::connect(options, self.state.clone()).await.expect("CONNACK");
            assert!(client.connack().session_present, "the session of {} is lost", self.client_id);
            client
        })
        .await
    }

    /// Records the messages that have already arrived, and drops the connection.
    fn drop_connection(&mut self, mut client: Client) {
        while let Some(event) = client.take_event() {
            if let Event::Message(message) = event {
                self.record(&message);
            }
        }
        self.state = client.drop_without_disconnect();
    }

    /// Records a received message. Panics if a QoS 2 message arrives twice.
    fn record(&mut self, message: &Publish) {
        let is_new = if message.topic.starts_with("crash/") {
            let number = String::from_utf8_lossy(&message.payload).parse().expect("a number");
            self.received.insert(number)
        } else {
            self.other_topics.insert(message.topic.to_string())
        };
        assert!(
            is_new || message.qos == QoS::AtLeastOnce,
            "{} received a QoS 2 message twice: {message:?} {}",
            self.client_id,
            String::from_utf8_lossy(&message.payload)
        );
    }
}
