//! Many subscriptions, a third of them with wildcards, then light traffic: what matching costs.

use std::time::Duration;

use serde::Serialize;

use crate::connection::{Blocking, Target};
use crate::error::LoadError;
use crate::number::count;
use crate::report::TrafficReport;
use crate::traffic::pace::Timetable;
use crate::traffic::subscriber::Reading;
use crate::traffic::{Flow, Mark, Pace, Plan, Publisher, Subscriber, Traffic};
use crate::wire::publish::Template;

pub mod field;

use field::{Field, Matches};

/// Filters in one SUBSCRIBE.
const FILTERS_A_PACKET: usize = 100;
/// Bytes of a payload.
const PAYLOAD_LEN: usize = 64;

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Subscriptions in all, rounded to a multiple of three.
    pub subscriptions: usize,
    /// Connections that share them.
    pub clients: usize,
    /// Messages published a second, each to another device and each matched by two subscriptions.
    pub per_second: u64,
    /// The grain of sending.
    pub tick: Duration,
}

/// The figures.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of the traffic.
    #[serde(flatten)]
    pub traffic: TrafficReport,
    /// Subscriptions made.
    pub subscriptions: u64,
    /// Subscriptions made a second.
    pub subscribed_per_second: f64,
    /// The broker's processor time a subscription.
    pub micros_per_subscription: Option<f64>,
    /// The broker's memory a subscription.
    pub bytes_per_subscription: Option<f64>,
    /// The broker's processor time a published message: two deliveries.
    pub micros_per_published: Option<f64>,
}

/// Subscribes, publishes, and accounts for both deliveries of each message.
pub fn run(target: &Target, scenario: &Scenario, plan: &Plan) -> Result<Report, LoadError> {
    if scenario.clients < 2 || scenario.subscriptions < 3 {
        return Err(LoadError::Arguments("at least two clients and three subscriptions are needed"));
    }
    let run = std::process::id();
    let field = Field { run, devices: scenario.subscriptions / 3, clients: scenario.clients };
    let mut connections = connect(target, &field)?;
    let filters: Vec<_> = (0..field.clients).map(|client| field.filters(client)).collect();
    let before = Mark::of(plan.broker)?;
    subscribe(&mut connections, &filters)?;
    let after = Mark::of(plan.broker)?;

    let outcome = Traffic::new(flow(target, scenario, &field, connections)?, *plan)?.run()?;
    let subscriptions = count(field.devices * 3);
    Ok(Report {
        traffic: TrafficReport::new("subscriptions", target, 0, &outcome),
        subscriptions,
        subscribed_per_second: after.per_second(&before, subscriptions),
        micros_per_subscription: after.micros_each(&before, subscriptions),
        bytes_per_subscription: after.bytes_each(&before, subscriptions),
        micros_per_published: outcome.to.micros_each(&outcome.from, outcome.to.sent - outcome.from.sent),
    })
}

fn connect(target: &Target, field: &Field) -> Result<Vec<Blocking>, LoadError> {
    (0..field.clients)
        .map(|client| Blocking::connect(target, &format!("load-{:x}-s{client}", field.run), 0))
        .collect()
}

fn subscribe(connections: &mut [Blocking], filters: &[Vec<String>]) -> Result<(), LoadError> {
    for (connection, filters) in connections.iter_mut().zip(filters) {
        for (packet_id, filters) in (1u16..).zip(filters.chunks(FILTERS_A_PACKET)) {
            connection.subscribe(packet_id, filters, 0)?;
        }
    }
    Ok(())
}

fn flow(
    target: &Target,
    scenario: &Scenario,
    field: &Field,
    connections: Vec<Blocking>,
) -> Result<Flow<Matches>, LoadError> {
    let order = field.order();
    let template =
        |device: &usize| Template::new(target.version, 0, false, &field.topic(*device), PAYLOAD_LEN);
    let templates = order.iter().map(template).collect();
    let connection = Blocking::connect(target, &format!("load-{:x}-p", field.run), 0)?;
    let publisher = Publisher::new(connection, field.run, 0, templates, 0)?;
    let subscribers = connections
        .into_iter()
        .enumerate()
        .map(|(index, connection)| Subscriber::new(connection, index))
        .collect::<Result<Vec<_>, _>>()?;
    let pace = Pace::Timetable(Timetable::new(scenario.per_second, scenario.tick)?);
    let reading = Reading::new(field.run, target.version, PAYLOAD_LEN);
    Ok(Flow::new(vec![publisher], subscribers, Matches::new(*field, order), pace, reading))
}
