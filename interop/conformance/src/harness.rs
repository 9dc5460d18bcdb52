//! What one test works with: the broker under test by one transport, in one version, and names of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::client::{Client, ConnectBuilder, PATIENCE};
use crate::link::{Endpoint, Link};
use crate::transcript::Transcript;
use crate::wire::{Version, Will};

/// The surroundings of one test. Many tests run against one broker at once: topics and client identifiers are made by
/// [`Harness::topic`] and [`Harness::client_id`], so that none meets another's.
#[derive(Clone)]
pub(crate) struct Harness {
    pub(crate) version: Version,
    pub(crate) transcript: Transcript,
    endpoint: Arc<Endpoint>,
    /// Unique among all tests of the run.
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

    /// A topic of this test: `name` below its prefix.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    /// A client identifier of this test: at most 23 bytes of letters and digits.
    pub(crate) fn client_id(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A CONNECT to be completed.
    pub(crate) fn connect(&self, name: &str) -> ConnectBuilder<'_> {
        ConnectBuilder::new(self, name)
    }

    /// A client with a clean session that ends with its connection.
    pub(crate) async fn client(&self, name: &str) -> Client {
        self.connect(name).open().await
    }

    /// The same, subscribed to one filter.
    pub(crate) async fn subscriber(&self, name: &str, filter: impl AsRef<[u8]>, qos: u8) -> Client {
        let mut client = self.client(name).await;
        client.subscribe(filter, qos).await;
        client
    }

    /// A link on which nothing was said.
    pub(crate) async fn connect_transport(&self, name: &str, version: Version) -> Client {
        let dialed = timeout(PATIENCE, Link::dial(&self.endpoint)).await;
        let link = dialed.expect("a link in time").expect("a link");
        Client::new(name, version, link, self.endpoint.is_tidegate, self.transcript.clone())
    }

    /// Lets time pass by the broker's own clock: a will delayed by so many seconds has come.
    pub(crate) async fn wait_by_broker_clock(&self, seconds: u32) {
        // Not below the test's own topics, which it may watch whole.
        let topic = format!("{}clock", self.prefix);
        let started = Instant::now();
        let mut watcher = self.connect("clockw").version(Version::V5).open().await;
        watcher.subscribe(&topic, 0).await;
        let will = Will::new(&topic, "").delay(seconds);
        let dying = self.connect("clock").version(Version::V5).expiry(seconds + 60).will(will);
        dying.open().await.drop_connection().await;
        watcher.next_message().await;
        let passed = started.elapsed();
        assert!(passed >= Duration::from_secs(seconds.into()), "the broker's clock: a will after {passed:?}");
        watcher.disconnect().await;
    }

    /// No will was published up to now: one that became due later has come.
    pub(crate) async fn expect_no_will(&self, watcher: &mut Client) {
        self.wait_by_broker_clock(1).await;
        watcher.expect_no_message().await;
    }

    /// The broker does not offer what the test is about: nothing to be shown. Tidegate offers all of it.
    pub(crate) fn skip_unsupported(&self, what: &str) {
        assert!(!self.endpoint.is_tidegate, "Tidegate offers no {what}");
    }
}
