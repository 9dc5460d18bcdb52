//! Tidegate's own client library as a [`TestClient`], and helper functions for tests that use it directly.

use tidegate_client::{Client, Options, State};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    ProtocolVersion, Publish, QoS, ReasonCode, SubscriptionOptions, UserProperties, Will, topic,
};

use crate::broker::Broker;
use crate::test_client::{ClientSetup, Received, TestClient};
use crate::transport::Transport;

/// Returns the options with which a client connects to a broker under test.
#[must_use]
pub fn client_options(
    broker: &Broker,
    transport: Transport,
    version: ProtocolVersion,
    client_id: &str,
) -> Options {
    let mut options = Options::new(broker.url(transport).parse().expect("a URL"), version, client_id);
    options.tls.ca_files.push(broker.authority().to_owned());
    options
}

/// Asks for a session that outlives its connection: in MQTT 5.0 by 60 seconds, in earlier versions without a limit.
#[must_use]
pub fn with_persistent_session(mut options: Options) -> Options {
    options.connect.clean_start = false;
    options.connect.session_expiry = options.connect.version.is_v5().then_some(60);
    options
}

/// Creates a message to publish.
#[must_use]
pub fn message(topic: &str, payload: &str, qos: u8) -> Publish {
    let mut message = Publish::new(topic.to_owned(), payload.to_owned());
    message.qos = to_qos(qos);
    message
}

/// Subscribes to one filter. Panics unless the broker grants the requested QoS.
pub async fn subscribe(client: &mut Client, filter: &str, qos: u8) {
    let filter = SubscriptionFilter::parse(filter).expect("a filter");
    let options = SubscriptionOptions { qos: to_qos(qos), ..SubscriptionOptions::default() };
    let suback = client.subscribe([(filter, options)], None, UserProperties::new()).await.expect("SUBACK");
    assert_eq!(suback.reasons.iter().map(|reason| reason.value()).collect::<Vec<_>>(), [qos]);
}

/// Receives `count` messages and returns their payloads.
pub async fn receive_payloads(client: &mut Client, count: usize) -> Vec<String> {
    let mut payloads = Vec::new();
    while payloads.len() < count {
        let message = client.message().await.expect("an open connection");
        payloads.push(String::from_utf8(message.payload.to_vec()).expect("text"));
    }
    payloads
}

/// Checks that the broker has no further message for the client: the client sends itself a message on the topic `own`,
/// and the broker would deliver any earlier message before it.
pub async fn assert_no_more_messages(client: &mut Client, own: &str) {
    client.finish_exchanges().await.expect("all acknowledgements");
    subscribe(client, own, 2).await;
    client.publish(message(own, "end", 2)).await.expect("an open connection");
    assert_eq!(receive_payloads(client, 1).await, ["end"]);
}

/// Connects, publishes one message for each payload, and disconnects when the broker has acknowledged all messages.
pub async fn publish_all(options: &Options, topic: &str, qos: u8, payloads: &[String]) {
    let mut sender = Client::connect(options, State::default()).await.expect("CONNACK");
    for payload in payloads {
        sender.publish(message(topic, payload, qos)).await.expect("an open connection");
    }
    sender.finish_exchanges().await.expect("all acknowledgements");
    let _ = sender.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
}

/// A test client that uses MQTT 5.0 through Tidegate's client library.
pub struct TidegateClient(Client);

impl TestClient for TidegateClient {
    async fn connect(setup: ClientSetup<'_>) -> Self {
        let mut options = client_options(setup.broker, setup.transport, ProtocolVersion::V5, setup.client_id);
        if setup.persistent {
            options = with_persistent_session(options);
        }
        if let Some((name, payload, qos)) = setup.will {
            let name = topic::Name::parse(name).expect("a topic");
            options.connect.will = Some(Will::new(name, payload.to_owned(), to_qos(qos)));
        }
        Self(Client::connect(&options, State::default()).await.expect("CONNACK"))
    }

    fn session_present(&self) -> bool {
        self.0.connack().session_present
    }

    async fn subscribe(&mut self, filter: &str, qos: u8) {
        subscribe(&mut self.0, filter, qos).await;
    }

    async fn publish(&mut self, topic: &str, payload: &str, qos: u8, retain: bool) {
        let message = Publish { retain, ..message(topic, payload, qos) };
        if let Some(id) = self.0.publish(message).await.expect("an open connection") {
            let done = self.0.acknowledged(id).await.expect("an acknowledgement");
            assert!(!done.reason.is_error(), "{done:?}");
        }
    }

    async fn next_message(&mut self) -> Received {
        let message = self.0.message().await.expect("an open connection");
        Received {
            topic: message.topic.to_string(),
            payload: String::from_utf8_lossy(&message.payload).into_owned(),
            qos: message.qos.value(),
            retain: message.retain,
        }
    }

    async fn disconnect(mut self) {
        self.0.finish_exchanges().await.expect("all acknowledgements");
        let _ = self.0.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    }

    async fn abort(self) {
        let _ = self.0.drop_without_disconnect();
    }
}

fn to_qos(qos: u8) -> QoS {
    QoS::try_from(qos).expect("a QoS")
}
