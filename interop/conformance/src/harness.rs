//! The harness that each test run gets: one listener of the broker under test, one protocol version, and unique names.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::client::{Client, ConnectBuilder, RECEIVE_TIMEOUT};
use crate::link::{Endpoint, Link};
use crate::transcript::Transcript;
use crate::wire::{Version, Will};

/// The harness of one test run. Because many tests run against one broker at the same time, [`Harness::topic`] and
/// [`Harness::client_id`] return names that no other test uses.
#[derive(Clone)]
pub(crate) struct Harness {
    pub(crate) version: Version,
    pub(crate) transcript: Transcript,
    endpoint: Arc<Endpoint>,
    /// The prefix of all topics and client identifiers of this test run. No other test run has the same prefix.
    prefix: String,
}

impl Harness {
    pub(crate) fn new(version: Version, endpoint: Arc<Endpoint>, prefix: String) -> Self {
        Self { version, endpoint, prefix, transcript: Transcript::default() }
    }

    pub(crate) fn is_v5(&self) -> bool {
        self.version == Version::V5
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns a topic of this test: the level `name` below the prefix of the test run.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    /// Returns a client identifier of this test. If `name` consists of a few letters and digits, the identifier has at
    /// most 23 bytes.
    pub(crate) fn client_id(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns a builder for the CONNECT of the client `name`.
    pub(crate) fn connect(&self, name: &str) -> ConnectBuilder<'_> {
        ConnectBuilder::new(self, name)
    }

    /// Connects a client with a clean session that ends with its connection.
    pub(crate) async fn client(&self, name: &str) -> Client {
        self.connect(name).open().await
    }

    /// Connects a client like [`Harness::client`], and subscribes to one filter.
    pub(crate) async fn subscriber(&self, name: &str, filter: impl AsRef<[u8]>, qos: u8) -> Client {
        let mut client = self.client(name).await;
        client.subscribe(filter, qos).await;
        client
    }

    /// Opens a transport connection. Returns a client that has not sent CONNECT.
    pub(crate) async fn connect_transport(&self, name: &str, version: Version) -> Client {
        let dialed = timeout(RECEIVE_TIMEOUT, Link::dial(&self.endpoint)).await;
        let link = dialed.expect("a connection in time").expect("a connection to the broker");
        Client::new(name, version, link, self.endpoint.is_tidegate, self.transcript.clone())
    }

    /// Waits until `seconds` have passed by the broker's own clock, by waiting until the broker has published a will
    /// with that Will Delay Interval.
    pub(crate) async fn wait_by_broker_clock(&self, seconds: u32) {
        // This topic is not below the prefix of the test run, because the test may subscribe to all topics below it.
        let topic = format!("{}clock", self.prefix);
        let started = Instant::now();
        let mut watcher = self.connect("clockw").version(Version::V5).open().await;
        watcher.subscribe(&topic, 0).await;
        let will = Will::new(&topic, "").delay(seconds);
        let dropped = self.connect("clock").version(Version::V5).expiry(seconds + 60).will(will);
        dropped.open().await.drop_connection().await;
        watcher.next_message().await;
        let passed = started.elapsed();
        assert!(
            passed >= Duration::from_secs(seconds.into()),
            "the delayed will came too early, after {passed:?}"
        );
        watcher.disconnect().await;
    }

    /// Checks that the broker has not published a will to `watcher` until now. Waits until the broker has published
    /// another will that became due later: a will that was due before would have arrived by then.
    pub(crate) async fn expect_no_will(&self, watcher: &mut Client) {
        self.wait_by_broker_clock(1).await;
        watcher.expect_no_message().await;
    }

    /// A test calls this function before it returns early because the broker does not support the feature under test.
    /// Panics if the broker is Tidegate, which supports all features.
    pub(crate) fn assert_optional_feature(&self, feature: &str) {
        assert!(!self.endpoint.is_tidegate, "Tidegate does not offer this feature: {feature}");
    }
}
