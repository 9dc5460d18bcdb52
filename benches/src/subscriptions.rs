//! The scenario of many subscriptions, a third of them with wildcards, followed by light traffic. The scenario measures
//! the cost of matching.

use std::time::Duration;

use serde::Serialize;

use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::number::count;
use crate::report::TrafficReport;
use crate::traffic::pace::Schedule;
use crate::traffic::subscriber::RunContext;
use crate::traffic::{Pace, Plan, Publisher, Snapshot, Subscriber, TrafficLoop, Workload};
use crate::wire::publish::Template;

pub mod devices;

use devices::{Devices, MatchChecker};

/// Number of topic filters per SUBSCRIBE packet.
const FILTERS_PER_PACKET: usize = 100;
/// Bytes per payload.
const PAYLOAD_LEN: usize = 64;

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of subscriptions in total, rounded down to a multiple of three.
    pub subscriptions: usize,
    /// Number of connections over which the subscriptions are spread.
    pub clients: usize,
    /// Number of messages published per second. Consecutive messages are for different devices. Each message matches
    /// two subscriptions.
    pub per_second: u64,
    /// Interval between two bursts. If the interval is zero, the messages are sent one by one, evenly spaced.
    pub burst_interval: Duration,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The figures of the traffic.
    #[serde(flatten)]
    pub traffic: TrafficReport,
    /// Number of subscriptions.
    pub subscriptions: u64,
    /// Subscriptions created per second.
    pub subscribed_per_second: f64,
    /// Microseconds of the broker's processor time per subscription.
    pub micros_per_subscription: Option<f64>,
    /// Number of bytes of the broker's memory per subscription.
    pub bytes_per_subscription: Option<f64>,
    /// Microseconds of the broker's processor time per published message, which is delivered twice.
    pub micros_per_published: Option<f64>,
}

/// Subscribes, publishes, and checks both deliveries of each message.
pub fn run(target: &Target, scenario: &Scenario, plan: &Plan) -> Result<Report, LoadError> {
    if scenario.clients < 2 || scenario.subscriptions < 3 {
        return Err(LoadError::Arguments("at least two clients and three subscriptions are needed"));
    }
    let run = std::process::id();
    let devices = Devices { run, count: scenario.subscriptions / 3, clients: scenario.clients };
    let mut connections = connect(target, &devices)?;
    let filters: Vec<_> = (0..devices.clients).map(|client| devices.filters(client)).collect();
    let before = Snapshot::of_broker(plan.broker)?;
    subscribe(&mut connections, &filters)?;
    let after = Snapshot::of_broker(plan.broker)?;

    let outcome = TrafficLoop::new(workload(target, scenario, &devices, connections)?, *plan)?.run()?;
    let subscriptions = count(devices.count * 3);
    Ok(Report {
        traffic: TrafficReport::new("subscriptions", target, 0, &outcome),
        subscriptions,
        subscribed_per_second: after.per_second(&before, subscriptions),
        micros_per_subscription: after.micros_per(&before, subscriptions),
        bytes_per_subscription: after.bytes_per(&before, subscriptions),
        micros_per_published: outcome.to.micros_per(&outcome.from, outcome.to.sent - outcome.from.sent),
    })
}

fn connect(target: &Target, devices: &Devices) -> Result<Vec<BlockingConnection>, LoadError> {
    (0..devices.clients)
        .map(|client| BlockingConnection::connect(target, &format!("load-{:x}-s{client}", devices.run), 0))
        .collect()
}

fn subscribe(connections: &mut [BlockingConnection], filters: &[Vec<String>]) -> Result<(), LoadError> {
    for (connection, filters) in connections.iter_mut().zip(filters) {
        for (packet_id, filters) in (1u16..).zip(filters.chunks(FILTERS_PER_PACKET)) {
            connection.subscribe(packet_id, filters, 0)?;
        }
    }
    Ok(())
}

fn workload(
    target: &Target,
    scenario: &Scenario,
    devices: &Devices,
    connections: Vec<BlockingConnection>,
) -> Result<Workload<MatchChecker>, LoadError> {
    let order = devices.order();
    let template =
        |device: &usize| Template::new(target.version, 0, false, &devices.topic(*device), PAYLOAD_LEN);
    let templates = order.iter().map(template).collect();
    let connection = BlockingConnection::connect(target, &format!("load-{:x}-p", devices.run), 0)?;
    let publisher = Publisher::new(connection, devices.run, 0, templates, 0)?;
    let subscribers = connections
        .into_iter()
        .enumerate()
        .map(|(index, connection)| Subscriber::new(connection, index))
        .collect::<Result<Vec<_>, _>>()?;
    let pace = Pace::Schedule(Schedule::new(scenario.per_second, scenario.burst_interval)?);
    let context = RunContext::new(devices.run, target.version, PAYLOAD_LEN);
    Workload::new(vec![publisher], subscribers, MatchChecker::new(*devices, order), pace, context)
}
