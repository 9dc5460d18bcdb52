//! A test harness: a broker on a small disk, and a session that queues messages.

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::small_disk::SmallDisk;
use tidegate_interop::tidegate_client::{client_options, message, subscribe, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

/// A broker whose data folder is on a small disk.
pub struct Harness {
    pub broker: Broker,
    pub disk: SmallDisk,
    /// The client-side state of the session `subscriber`, which is offline and queues all messages to `stored/#`.
    subscriber: State,
    /// The payloads of the acknowledged messages to `stored/#`, in order.
    pub stored_payloads: Vec<String>,
}

impl Harness {
    /// Starts a broker on a small disk, and stores some messages. Returns `None` if this process has no permission to
    /// mount a disk.
    pub async fn start(durability: &str) -> Option<Self> {
        let config = Config::every_transport().with(&format!("persistence:\n  durability: {durability}\n"));
        let mut disk = None;
        let broker = Broker::start_with_launch(config, |folder| {
            disk = SmallDisk::mount(&folder.join("data"), DISK_BYTES);
            disk.as_ref().map(SmallDisk::launch_options).unwrap_or_default()
        });
        let disk = disk?;
        let mut subscriber = connect(&persistent_options(&broker, 60)).await;
        subscribe(&mut subscriber, "stored/#", 1).await;
        let subscriber = subscriber.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        let mut harness = Self { broker, disk, subscriber, stored_payloads: Vec::new() };
        let mut publisher = connect(&harness.clean_options("before")).await;
        for _ in 0..INITIAL_MESSAGE_COUNT {
            assert_eq!(harness.publish(&mut publisher).await, ReasonCode::Success);
        }
        Some(harness)
    }

    pub fn clean_options(&self, client_id: &str) -> Options {
        client_options(&self.broker, Transport::Tcp, ProtocolVersion::V5, client_id)
    }

    /// Publishes a message to the subscriber's session, waits for PUBACK, and returns its reason code.
    pub async fn publish(&mut self, client: &mut Client) -> ReasonCode {
        let text = payload(self.stored_payloads.len());
        let id = client.publish(message("stored/a", &text, 1)).await.expect("an open connection");
        let id = id.expect("a packet id");
        let done = within_deadline("PUBACK", client.acknowledged(id)).await.expect("an open connection");
        if !done.reason.is_error() {
            self.stored_payloads.push(text);
        }
        done.reason
    }

    /// Publishes until the broker refuses a message because it has no space.
    pub async fn publish_until_full(&mut self, client: &mut Client) {
        while self.publish(client).await != ReasonCode::QuotaExceeded {}
    }

    /// Publishes until the broker accepts a message again.
    pub async fn publish_until_accepted(&mut self, client: &mut Client) {
        within_deadline("an accepted message", async {
            while self.publish(client).await.is_error() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Resumes the session `subscriber`, and checks that it receives all stored messages in order.
    pub async fn fetch(&mut self) {
        let options = persistent_options(&self.broker, 60);
        let connected = Client::connect(&options, self.subscriber.clone());
        let mut subscriber = within_deadline("CONNACK", connected).await.expect("CONNACK");
        assert!(subscriber.connack().session_present, "the session is lost");
        for expected in self.stored_payloads.drain(..) {
            let message = within_deadline("a stored message", next_message(&mut subscriber)).await;
            assert_eq!(message, expected);
        }
        within_deadline("acknowledgements", subscriber.finish_exchanges()).await.expect("an open connection");
        let left = subscriber.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        self.subscriber = left;
    }

    /// Lets the session `subscriber` expire, so that the broker deletes the session and all its messages.
    pub async fn expire(&mut self) {
        let options = persistent_options(&self.broker, 1);
        let connected = Client::connect(&options, self.subscriber.clone());
        let _ = within_deadline("CONNACK", connected).await.expect("CONNACK").drop_without_disconnect();
        self.stored_payloads.clear();
    }

    /// Stops the broker with SIGTERM and starts it again.
    pub fn stop_and_restart(&mut self) {
        self.broker.terminate();
        self.broker.log().wait_until_closed(EVENT_TIMEOUT).expect("the broker ends");
        self.broker.restart();
    }

    /// Kills the broker, fills the disk except for `left` bytes, and starts the broker again.
    pub fn restart_on_full_disk(&mut self, left: u64) {
        self.broker.kill();
        self.disk.fill(left);
        self.broker.restart();
    }

    /// Stops the broker. Panics if the broker has panicked.
    pub fn stop(self) {
        assert!(self.broker.panics().is_empty(), "{:?}", self.broker.panics());
        self.broker.stop();
    }
}

/// Returns a payload of [`PAYLOAD_LEN`] bytes: the number, padded with zeros.
pub fn payload(number: usize) -> String {
    format!("{number:0>width$}", width = PAYLOAD_LEN)
}

async fn next_message(client: &mut Client) -> String {
    let message = client.message().await.expect("an open connection");
    String::from_utf8(message.payload.to_vec()).expect("text")
}

pub async fn connect(options: &Options) -> Client {
    within_deadline("CONNACK", Client::connect(options, State::default())).await.expect("CONNACK")
}

/// Returns the options with which the client `subscriber` connects, with a session expiry interval of `expiry` seconds.
fn persistent_options(broker: &Broker, expiry: u32) -> Options {
    let options = client_options(broker, Transport::Tcp, ProtocolVersion::V5, "subscriber");
    let mut options = with_persistent_session(options);
    options.connect.session_expiry = Some(expiry);
    options
}

/// Size of the disk in bytes. The disk has room for the whole disk reserve of the store.
const DISK_BYTES: u64 = 96 << 20;
const INITIAL_MESSAGE_COUNT: usize = 200;
/// Payload size in bytes.
const PAYLOAD_LEN: usize = 16_000;
