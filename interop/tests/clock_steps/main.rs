//! Tests that sessions, messages and delayed wills keep their lifetimes when the wall clock is set: while the broker
//! runs, while it is stopped, and while the machine boots.

#![allow(clippy::expect_used)]

mod downtime;
mod random;

use std::time::Instant;

use fastrand::Rng;
use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::simulated_machine::SimulatedMachine;
use tidegate_interop::tidegate_client::{client_options, message, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode, Will};

use downtime::Downtime;
use random::{clock_error, clock_step};

/// A broker on a machine whose clock the test sets, and an offline session (client id `waiting`) that queues messages
/// with an expiry.
struct Harness {
    broker: Broker,
    machine: SimulatedMachine,
    started_at: Instant,
    /// Messages in the queue of the session `waiting`.
    queued: Vec<Queued>,
    /// Number of messages published so far.
    published: usize,
    /// Number of reboots of the machine so far.
    boots: u32,
}

/// A message that the broker has acknowledged and queued.
struct Queued {
    payload: String,
    published_at: Instant,
    /// Number of reboots of the machine before the message was published.
    boots: u32,
}

impl Harness {
    /// Starts a broker while the wall clock is wrong by `error` seconds.
    async fn start(error: i64) -> Self {
        let mut machine = SimulatedMachine::new();
        machine.step_clock(error);
        let config = Config::every_transport().with("session:\n  session_expiry_max: 3650d\n");
        let broker = machine.start_broker(config);
        let harness =
            Self { broker, machine, started_at: Instant::now(), queued: Vec::new(), published: 0, boots: 0 };
        let mut waiting = harness.connect(&harness.waiting_options()).await;
        subscribe(&mut waiting, "a/#", 1).await;
        disconnect(waiting).await;
        harness
    }

    fn options(&self, id: &str) -> Options {
        client_options(&self.broker, Transport::Tcp, ProtocolVersion::V5, id)
    }

    fn waiting_options(&self) -> Options {
        let mut options = self.options("waiting");
        options.connect.clean_start = false;
        options.connect.session_expiry = Some(LIFETIME);
        options
    }

    async fn connect(&self, options: &Options) -> Client {
        within_deadline("CONNACK", Client::connect(options, State::default())).await.expect("CONNACK")
    }

    /// Publishes a retained message with an expiry, which the session `waiting` queues.
    async fn publish(&mut self) {
        self.published += 1;
        let payload = self.published.to_string();
        let mut message = message("a/b", &payload, 1);
        (message.retain, message.properties.expiry) = (true, Some(LIFETIME));
        self.queued.push(Queued { payload, published_at: Instant::now(), boots: self.boots });
        let mut publisher = self.connect(&self.options("publisher")).await;
        publisher.publish(message).await.expect("an open connection");
        within_deadline("PUBACK", publisher.finish_exchanges()).await.expect("PUBACK");
        disconnect(publisher).await;
    }

    /// Creates an offline session with a delayed will, which is due after half of [`LIFETIME`].
    async fn create_session_with_will(&self) {
        let mut options = self.options("will");
        options.connect.session_expiry = Some(LIFETIME);
        let topic = Name::parse("a/will").expect("a topic");
        let mut will = Will::new(topic, "too early", QoS::AtLeastOnce);
        will.delay = LIFETIME / 2;
        options.connect.will = Some(will);
        let _ = self.connect(&options).await.drop_without_disconnect();
    }

    /// Suspends the machine for longer than the lifetime of the session `waiting`, until that session has expired. One
    /// time is not enough if the broker handles the client's DISCONNECT only after the suspension.
    async fn suspend_until_expired(&mut self) {
        loop {
            self.machine.suspend(i64::from(LIFETIME) + 1);
            let waiting = self.connect(&self.waiting_options()).await;
            let is_present = waiting.connack().session_present;
            disconnect(waiting).await;
            if !is_present {
                return;
            }
        }
    }

    fn restart(&mut self, downtime: Downtime) {
        if downtime.is_crash {
            self.broker.kill();
        } else {
            self.broker.terminate();
            let end = self.broker.wait_for_end();
            assert!(end.status.success(), "{end:?}");
        }
        self.machine.step_clock(downtime.clock_step);
        if downtime.is_reboot {
            self.machine.reboot();
            self.boots += 1;
        }
        self.broker.restart();
    }

    /// Connects as `waiting`, and checks the remaining lifetimes of every queued message and of the retained message.
    async fn check(&mut self) {
        let mut waiting = self.connect(&self.waiting_options()).await;
        assert!(waiting.connack().session_present, "the session has expired");
        for expected in &self.queued {
            let message = within_deadline("a queued message", waiting.message()).await.expect("a message");
            self.check_message(expected, &message);
        }
        // A will that was published too early would be received before this message.
        let mut publisher = self.connect(&self.options("publisher")).await;
        publisher.publish(message("a/last", "last", 1)).await.expect("an open connection");
        within_deadline("PUBACK", publisher.finish_exchanges()).await.expect("PUBACK");
        disconnect(publisher).await;
        let last = within_deadline("the last message", waiting.message()).await.expect("a message");
        assert_eq!(last.topic, "a/last");
        disconnect(waiting).await;
        let mut other = self.connect(&self.options("other")).await;
        subscribe(&mut other, "a/#", 0).await;
        let retained = within_deadline("the retained message", other.message()).await.expect("a message");
        self.check_message(self.queued.last().expect("a message"), &retained);
        disconnect(other).await;
        self.queued.clear();
    }

    /// Checks a received message and its remaining lifetime. Each reboot may shorten the lifetime by up to a day. If
    /// the broker crashed before a reboot, the time since it last stored the clock does not count. This time is shorter
    /// than the duration of the test.
    fn check_message(&self, expected: &Queued, message: &Publish) {
        assert_eq!((message.topic.as_str(), &*message.payload), ("a/b", expected.payload.as_bytes()));
        let remaining = message.properties.expiry.expect("an expiry");
        let boots = self.boots - expected.boots;
        let least = LIFETIME - seconds_since(expected.published_at) - DAY * boots;
        let most = LIFETIME + seconds_since(self.started_at) * boots.min(1);
        assert!((least..=most).contains(&remaining), "{remaining} s are not in {least}..={most}");
    }
}

#[tokio::test]
async fn a_clock_that_starts_in_1970_and_is_set_later_keeps_lifetimes() {
    for is_crash in [false, true] {
        let mut harness = Harness::start(-SINCE_1970).await;
        harness.publish().await;
        harness.create_session_with_will().await;
        harness.machine.step_clock(SINCE_1970);
        harness.publish().await;
        harness.restart(Downtime { is_crash, is_reboot: false, clock_step: 0 });
        harness.check().await;
    }
}

#[tokio::test]
async fn a_reboot_with_the_clock_set_a_day_back_keeps_lifetimes() {
    let mut harness = Harness::start(0).await;
    harness.publish().await;
    harness.restart(Downtime { is_crash: false, is_reboot: true, clock_step: -i64::from(DAY) });
    harness.check().await;
}

#[tokio::test]
async fn the_time_in_suspend_counts_towards_lifetimes() {
    let mut harness = Harness::start(0).await;
    harness.publish().await;
    harness.machine.suspend(i64::from(LIFETIME / 2));
    let mut waiting = harness.connect(&harness.waiting_options()).await;
    let message = within_deadline("the queued message", waiting.message()).await.expect("a message");
    let remaining = message.properties.expiry.expect("an expiry");
    assert!(remaining <= LIFETIME / 2, "{remaining} of {LIFETIME} s are left");
    disconnect(waiting).await;
    within_deadline("the end of the session", harness.suspend_until_expired()).await;
    harness.broker.stop();
}

/// Runs the number of rounds given by `TIDEGATE_CLOCK_ROUNDS`, or [`ROUNDS_DEFAULT`].
#[tokio::test]
async fn lifetimes_survive_restarts_and_boots_while_the_clock_steps_by_years() {
    let rounds = std::env::var("TIDEGATE_CLOCK_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let mut random = Rng::with_seed(1);
    let mut error = clock_error(&mut random);
    let mut harness = Harness::start(error).await;
    harness.create_session_with_will().await;
    for round in 0..rounds.unwrap_or(ROUNDS_DEFAULT) {
        harness.publish().await;
        harness.machine.step_clock(clock_step(&mut random, &mut error));
        harness.publish().await;
        let downtime = Downtime {
            is_crash: random.bool(),
            is_reboot: random.bool(),
            clock_step: clock_step(&mut random, &mut error),
        };
        harness.restart(downtime);
        eprintln!("round {round}: {downtime:?}");
        if round % 5 == 4 {
            harness.check().await;
        }
    }
    harness.publish().await;
    harness.check().await;
    harness.broker.stop();
}

/// Returns the number of seconds since `at`, rounded up.
fn seconds_since(at: Instant) -> u32 {
    u32::try_from(at.elapsed().as_secs() + 1).expect("a short time")
}

async fn disconnect(client: Client) {
    let _ = client.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
}

/// Seconds in a day.
const DAY: u32 = 86_400;
/// The expiry of sessions and messages in seconds. All reboots of a test together cannot use it up.
const LIFETIME: u32 = 1000 * DAY;
/// Seconds from 1970 to a day in 2026.
const SINCE_1970: i64 = 1_780_000_000;
const ROUNDS_DEFAULT: u64 = 6;
