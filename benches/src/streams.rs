//! The scenarios with fixed streams of messages: pairs, fan-out, fan-in and shared subscriptions.

use std::time::Duration;

use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::process::MonitoredProcess;
use crate::traffic::pace::Schedule;
use crate::traffic::subscriber::RunContext;
use crate::traffic::{Outcome, Pace, Plan, Publisher, Subscriber, TrafficLoop, Workload};
use crate::wire::publish::Template;

pub mod checker;
mod order;
pub mod slow_subscriber;

use checker::StreamChecker;

/// The assignment of publishers to subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// The given number of publishers, each with one subscriber.
    Pairs(usize),
    /// One publisher and the given number of subscribers.
    FanOut(usize),
    /// The given number of publishers, and one subscriber with a wildcard.
    FanIn(usize),
    /// Publishers and a shared subscription: each message goes to one of its members.
    Shared {
        /// Number of publishers.
        publishers: usize,
        /// Number of members of the shared subscription.
        subscribers: usize,
    },
}

impl Topology {
    /// Returns the number of publishers.
    pub const fn publishers(self) -> usize {
        match self {
            Self::Pairs(many) | Self::FanIn(many) => many,
            Self::FanOut(_) => 1,
            Self::Shared { publishers, .. } => publishers,
        }
    }

    /// Returns the number of subscribers.
    pub const fn subscribers(self) -> usize {
        match self {
            Self::Pairs(many) | Self::FanOut(many) => many,
            Self::FanIn(_) => 1,
            Self::Shared { subscribers, .. } => subscribers,
        }
    }
}

/// The rule by which publishers decide when to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadModel {
    /// Closed loop with the given number of outstanding messages per publisher.
    Window(u64),
    /// Open loop with the given number of messages per second in total.
    PerSecond(u64),
}

/// A scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// The publishers and subscribers.
    pub topology: Topology,
    /// The load model.
    pub load_model: LoadModel,
    /// In an open loop, the interval between two bursts. If the interval is zero, the messages are sent one by one,
    /// evenly spaced.
    pub burst_interval: Duration,
    /// QoS of publishing and subscribing: 0, 1 or 2.
    pub qos: u8,
    /// Bytes per payload, at least `STAMP_LEN`.
    pub payload_len: usize,
}

/// Connects, subscribes and runs the traffic.
pub fn run(target: &Target, scenario: &Scenario, plan: &Plan) -> Result<Outcome, LoadError> {
    let run = std::process::id();
    let topics: Vec<String> =
        (0..scenario.topology.publishers()).map(|publisher| topic(run, publisher)).collect();
    let subscribers = subscribers(target, scenario, run, &topics)?;
    let publishers = publishers(target, scenario, run, &topics)?;
    let pace = match scenario.load_model {
        LoadModel::Window(window) => Pace::Window(window),
        LoadModel::PerSecond(rate) => Pace::Schedule(Schedule::new(rate, scenario.burst_interval)?),
    };
    let context = RunContext::new(run, target.version, scenario.payload_len);
    let checker = StreamChecker::new(scenario.topology, topics);
    TrafficLoop::new(Workload::new(publishers, subscribers, checker, pace, context)?, *plan)?.run()
}

/// Returns the topic of a publisher of a run.
pub fn topic(run: u32, publisher: usize) -> String {
    format!("load/{run:08x}/{publisher:04}")
}

/// Creates a plan with the given durations and without a limit on messages.
pub const fn plan(warmup: Duration, measured: Duration, broker: Option<MonitoredProcess>) -> Plan {
    Plan { warmup, measured, messages: None, delivery_timeout: Duration::from_secs(3), broker }
}

fn subscribers(
    target: &Target,
    scenario: &Scenario,
    run: u32,
    topics: &[String],
) -> Result<Vec<Subscriber>, LoadError> {
    let wildcard = format!("load/{run:08x}/+");
    let shared = format!("$share/load-{run:x}/{wildcard}");
    let filter = |index: usize| match scenario.topology {
        Topology::Pairs(_) => topics.get(index),
        Topology::FanOut(_) => topics.first(),
        Topology::FanIn(_) => Some(&wildcard),
        Topology::Shared { .. } => Some(&shared),
    };
    (0..scenario.topology.subscribers())
        .map(|index| {
            let mut connection = BlockingConnection::connect(target, &format!("load-{run:x}-s{index}"), 0)?;
            let filters: Vec<String> = filter(index).cloned().into_iter().collect();
            connection.subscribe(1, &filters, scenario.qos)?;
            Subscriber::new(connection, index)
        })
        .collect()
}

fn publishers(
    target: &Target,
    scenario: &Scenario,
    run: u32,
    topics: &[String],
) -> Result<Vec<Publisher>, LoadError> {
    (0u32..)
        .zip(topics)
        .map(|(id, topic)| {
            let connection = BlockingConnection::connect(target, &format!("load-{run:x}-p{id}"), 0)?;
            let template = Template::new(target.version, scenario.qos, false, topic, scenario.payload_len);
            Publisher::new(connection, run, id, vec![template], scenario.qos)
        })
        .collect()
}
