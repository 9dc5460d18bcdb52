//! Tests a broker that crashes again and again: no session, message or delayed will lives longer because of the
//! restarts, and each delayed will is published once.

#![allow(clippy::expect_used)]

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::simulated_machine::SimulatedMachine;
use tidegate_interop::tidegate_client::{
    assert_no_more_messages, client_options, message, receive_payloads, subscribe, with_persistent_session,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode, Will};

/// A broker, and the machine whose clocks the test advances between two runs of the broker.
struct Harness {
    broker: Broker,
    machine: SimulatedMachine,
}

impl Harness {
    fn start() -> Self {
        let machine = SimulatedMachine::new();
        let config = Config::every_transport().with("persistence:\n  durability: always\n");
        Self { broker: machine.start_broker(config), machine }
    }

    /// Kills the broker, and starts it again after [`PAUSE`] seconds.
    fn crash(&mut self) {
        self.broker.kill();
        self.machine.suspend(i64::from(PAUSE));
        self.broker.restart();
    }

    fn options(&self, id: &str) -> Options {
        client_options(&self.broker, Transport::Tcp, ProtocolVersion::V5, id)
    }

    /// Returns the options of a client whose session expires after [`LIFETIME`] seconds, and whose will is delayed for
    /// one second less.
    fn with_will(&self, id: &str) -> Options {
        let mut options = with_persistent_session(self.options(id));
        options.connect.session_expiry = Some(LIFETIME);
        let topic = Name::parse(&format!("gone/{id}")).expect("a topic name");
        let will = Will::new(topic, id.to_owned(), QoS::AtLeastOnce);
        options.connect.will = Some(Will { delay: LIFETIME - 1, ..will });
        options
    }

    /// Returns the options of a session that outlives the test.
    fn watcher(&self) -> Options {
        let mut options = with_persistent_session(self.options("watcher"));
        options.connect.session_expiry = Some(100 * LIFETIME);
        options
    }

    /// Creates the session `watcher`, a queued and a retained message that expire, and two sessions with delayed wills,
    /// of which one is connected at the crash that follows.
    async fn prepare(&self) -> Client {
        let mut watcher = connect(&self.watcher()).await;
        for filter in ["gone/+", "queued"] {
            subscribe(&mut watcher, filter, 1).await;
        }
        let _ = watcher.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        let mut publisher = connect(&self.options("publisher")).await;
        for (topic, retain) in [("queued", false), ("retained", true)] {
            let mut expiring = Publish { retain, ..message(topic, "expires", 1) };
            expiring.properties.expiry = Some(LIFETIME);
            publisher.publish(expiring).await.expect("an open connection");
        }
        within_deadline("PUBACK", publisher.finish_exchanges()).await.expect("an open connection");
        let _ = connect(&self.with_will("offline")).await.drop_without_disconnect();
        connect(&self.with_will("attached")).await
    }

    async fn has_session(&self, id: &str) -> bool {
        let mut options = with_persistent_session(self.options(id));
        options.connect.session_expiry = Some(LIFETIME);
        connect(&options).await.connack().session_present
    }
}

#[tokio::test]
async fn lifetimes_end_although_the_broker_restarts_more_often() {
    let mut harness = Harness::start();
    let attached = harness.prepare().await;
    for _ in 0..RESTARTS {
        harness.crash();
    }
    drop(attached);
    for id in ["attached", "offline"] {
        assert!(!harness.has_session(id).await, "the session {id} outlived its expiry");
    }
    let mut watcher = connect(&harness.watcher()).await;
    let mut wills = within_deadline("the wills", receive_payloads(&mut watcher, 2)).await;
    wills.sort();
    assert_eq!(wills, ["attached", "offline"]);
    assert_no_more_messages(&mut watcher, "own").await;
    drop(watcher);
    let mut new = connect(&harness.options("new")).await;
    subscribe(&mut new, "retained", 1).await;
    assert_no_more_messages(&mut new, "own").await;

    harness.crash();
    let mut watcher = connect(&harness.watcher()).await;
    assert_no_more_messages(&mut watcher, "own").await;
    harness.broker.stop();
}

/// A restart must not shorten a lifetime either.
#[tokio::test]
async fn lifetimes_do_not_end_before_their_time() {
    let mut harness = Harness::start();
    let attached = harness.prepare().await;
    harness.crash();
    drop(attached);
    for id in ["attached", "offline"] {
        assert!(harness.has_session(id).await, "the session {id} is lost");
    }
    let mut watcher = connect(&harness.watcher()).await;
    assert_eq!(within_deadline("the message", receive_payloads(&mut watcher, 1)).await, ["expires"]);
    assert_no_more_messages(&mut watcher, "own").await;
    subscribe(&mut watcher, "retained", 1).await;
    assert_eq!(within_deadline("the message", receive_payloads(&mut watcher, 1)).await, ["expires"]);
    harness.broker.stop();
}

/// A client that reconnects after every crash keeps its session: its expiry counts from the last connection.
#[tokio::test]
async fn a_session_that_is_resumed_after_every_restart_does_not_expire() {
    let mut harness = Harness::start();
    let mut client = connect(&harness.with_will("attached")).await;
    for _ in 0..RESTARTS {
        harness.crash();
        client = connect(&harness.with_will("attached")).await;
        assert!(client.connack().session_present, "the session is lost");
    }
    let mut watcher = connect(&harness.watcher()).await;
    subscribe(&mut watcher, "gone/+", 1).await;
    let _ = client.drop_without_disconnect();
    harness.crash();
    let mut watcher = connect(&harness.watcher()).await;
    assert_no_more_messages(&mut watcher, "own").await;
    harness.broker.stop();
}

async fn connect(options: &Options) -> Client {
    within_deadline("CONNACK", Client::connect(options, State::default())).await.expect("CONNACK")
}

/// The lifetime of sessions and messages in seconds. Far longer than one run of the broker takes.
const LIFETIME: u32 = 1000;
/// The time between two runs of the broker in seconds.
const PAUSE: u32 = 400;
/// Number of restarts after which every lifetime is over. A lifetime is shorter than three pauses, and that of a
/// session that is connected at the first crash begins only with the first restart.
const RESTARTS: u32 = 4;
