//! The test harness: a broker on a disk that can fail, an offline subscriber whose session queues every message, and a
//! record of which messages the broker acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_client::{Client, ClientError, Event, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::disk_faults::{Fault, FaultyDisk};
use tidegate_interop::process::ProcessExit;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode};

/// A broker, its disk, and the messages that it acknowledged or refused.
pub struct Harness {
    pub broker: Broker,
    pub disk: FaultyDisk,
    /// The client-side session state of the client `subscriber`. This client is offline, and its session queues all
    /// messages to `stored/#`.
    pub subscriber: State,
    /// Payloads of acknowledged messages.
    pub acknowledged_payloads: BTreeSet<String>,
    /// Payloads of refused messages.
    pub refused_payloads: BTreeSet<String>,
}

impl Harness {
    /// Starts a broker whose store already contains some queued messages with QoS 1 and 2. `settings` is additional
    /// YAML.
    pub async fn start(settings: &str) -> Self {
        Self::start_with(settings, &[1, 2]).await
    }

    /// Like [`Harness::start`], with queued messages of these QoS levels.
    pub async fn start_with(settings: &str, qos_levels: &[u8]) -> Self {
        Self::start_configured(&format!("persistence:\n  durability: always\n{settings}"), qos_levels).await
    }

    /// Like [`Harness::start_with`], but `settings` must begin with the settings of the store.
    pub async fn start_configured(settings: &str, qos_levels: &[u8]) -> Self {
        let (broker, disk) = FaultyDisk::start_broker(Config::every_transport().with(settings));
        let mut subscriber = connect(&persistent_client(&broker, ProtocolVersion::V5, "subscriber")).await;
        subscribe(&mut subscriber, "stored/#", 2).await;
        let subscriber = subscriber.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        let (acknowledged_payloads, refused_payloads) = (BTreeSet::new(), BTreeSet::new());
        let mut harness = Self { broker, disk, subscriber, acknowledged_payloads, refused_payloads };
        let mut publisher = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "before")).await;
        for number in 0..10 {
            for qos in qos_levels {
                let reason = harness.publish(&mut publisher, &format!("before {number}"), *qos).await;
                assert_eq!(reason, ReasonCode::Success);
            }
        }
        harness
    }

    /// Makes the disk fail and waits until the broker refuses messages.
    pub async fn fail(&mut self, fault: Fault) {
        self.disk.fail_with(fault);
        self.wait_until_refused().await;
    }

    /// Publishes a message that the session of `subscriber` queues. Waits for the answer, and records it.
    pub async fn publish(&mut self, client: &mut Client, text: &str, qos: u8) -> ReasonCode {
        let message = stored_message(text, qos);
        let payload = String::from_utf8_lossy(&message.payload).into_owned();
        let id = client.publish(message).await.expect("an open connection").expect("a packet id");
        let done = within_deadline("an answer", client.acknowledged(id)).await.expect("an open connection");
        self.record_answer(payload, done.reason);
        done.reason
    }

    /// Records the answer to a message.
    pub fn record_answer(&mut self, payload: String, reason: ReasonCode) {
        let payloads =
            if reason.is_error() { &mut self.refused_payloads } else { &mut self.acknowledged_payloads };
        payloads.insert(payload);
    }

    /// Publishes on new connections until the broker refuses a message.
    pub async fn wait_until_refused(&mut self) {
        within_deadline("a refusal", async {
            for number in 0.. {
                let mut client = connect(&clean_client(&self.broker, ProtocolVersion::V5, "probe")).await;
                let message = stored_message(&format!("probe {number}"), 1);
                let payload = String::from_utf8_lossy(&message.payload).into_owned();
                client.publish(message).await.expect("an open connection");
                client.ping().await.expect("an answer");
                match received_reasons(&mut client).first() {
                    Some(ReasonCode::QuotaExceeded) => {
                        return self.record_answer(payload, ReasonCode::QuotaExceeded);
                    }
                    Some(reason) => self.record_answer(payload, *reason),
                    None => {}
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        })
        .await;
    }

    /// Publishes until the broker accepts a message.
    pub async fn wait_until_accepted(&mut self, client: &mut Client) {
        within_deadline("an accepted message", async {
            for number in 0.. {
                if !self.publish(client, &format!("after {number}"), 1).await.is_error() {
                    return;
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        })
        .await;
    }

    /// Kills the broker, repairs the disk and starts the broker again.
    pub fn restart(&mut self) {
        self.broker.kill();
        self.disk.recover();
        self.broker.restart();
    }

    /// Reconnects `subscriber` and checks what it receives: all acknowledged messages, no refused ones, and QoS 2
    /// messages only once.
    pub async fn check_stored(&mut self) {
        let mut publisher = connect(&clean_client(&self.broker, ProtocolVersion::V5, "last")).await;
        assert_eq!(self.publish(&mut publisher, "last", 1).await, ReasonCode::Success);
        let options = persistent_client(&self.broker, ProtocolVersion::V5, "subscriber");
        let mut subscriber = Client::connect(&options, self.subscriber.clone()).await.expect("CONNACK");
        assert!(subscriber.connack().session_present, "the session is lost");
        let mut received = BTreeSet::new();
        within_deadline("the queued messages", async {
            while !received.contains("last at 1") {
                let message = subscriber.message().await.expect("an open connection");
                let payload = String::from_utf8_lossy(&message.payload).into_owned();
                let is_new = received.insert(payload.clone());
                assert!(is_new || message.qos == QoS::AtLeastOnce, "delivered twice: {payload}");
            }
        })
        .await;
        let missing: Vec<_> = self.acknowledged_payloads.difference(&received).collect();
        assert!(missing.is_empty(), "acknowledged, but not delivered: {missing:?}");
        let unwanted: Vec<_> = self.refused_payloads.intersection(&received).collect();
        assert!(unwanted.is_empty(), "refused, but delivered: {unwanted:?}");
    }

    /// Stops the broker, and checks that it did not panic and that its exit code is 0. Returns the number of messages
    /// that it counted as refused.
    pub fn stop(self) -> usize {
        let errors = self.stop_with_code(0);
        let counter =
            errors.iter().find_map(|line| line.split_once("\"counter\":\"refused_store\",\"value\":"));
        counter
            .and_then(|(_, rest)| rest.split_once(','))
            .map_or(0, |(value, _)| value.parse().expect("a number"))
    }

    /// Stops the broker, and checks that it did not panic and that it reports its failed store by the exit code.
    /// Returns the lines of its log.
    pub fn stop_failed(self) -> Vec<String> {
        self.stop_with_code(1)
    }

    fn stop_with_code(self, code: i32) -> Vec<String> {
        self.broker.terminate();
        let ProcessExit { status, errors, .. } = self.broker.wait_for_exit();
        assert_eq!(status.code(), Some(code), "{errors:#?}");
        assert!(!errors.iter().any(|line| line.contains("panicked at")), "{errors:#?}");
        errors
    }
}

/// Returns a message that matches the subscription of `subscriber`.
pub fn stored_message(text: &str, qos: u8) -> Publish {
    message("stored/a", &format!("{text} at {qos}"), qos)
}

/// Returns the options of a client whose session ends with its connection.
pub fn clean_client(broker: &Broker, version: ProtocolVersion, client_id: &str) -> Options {
    client_options(broker, Transport::Tcp, version, client_id)
}

/// Returns the options of a client whose session outlives its connection.
pub fn persistent_client(broker: &Broker, version: ProtocolVersion, client_id: &str) -> Options {
    with_persistent_session(client_options(broker, Transport::Tcp, version, client_id))
}

/// Connects with a new client-side state.
pub async fn connect(options: &Options) -> Client {
    within_deadline("CONNACK", Client::connect(options, State::default())).await.expect("CONNACK")
}

/// Connects, and returns the reason code with which the broker refuses the CONNECT. Panics if the broker accepts it.
pub async fn connect_refusal(options: &Options) -> ReasonCode {
    match within_deadline("CONNACK", Client::connect(options, State::default())).await {
        Err(ClientError::Refused(connack)) => connack.reason,
        Err(error) => panic!("no CONNACK: {error}"),
        Ok(client) => panic!("accepted: {:?}", client.connack()),
    }
}

/// Returns the reason codes of all acknowledgements that have arrived so far.
pub fn received_reasons(client: &mut Client) -> Vec<ReasonCode> {
    let events = std::iter::from_fn(|| client.take_event());
    let reason = |event| if let Event::Acknowledged(done) = event { Some(done.reason) } else { None };
    events.filter_map(reason).collect()
}

/// Pause between two attempts.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
