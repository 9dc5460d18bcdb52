//! Traffic to sessions that outlive their connections, and to retained messages: what a broker must keep before it
//! acknowledges. The window is of unacknowledged messages, so the rate is that of the promise, not of the delivery.

use std::path::PathBuf;
use std::time::Duration;

use crate::connection::{Blocking, Target};
use crate::error::LoadError;
use crate::ledger::Faults;
use crate::streams::Drive;
use crate::traffic::pace::Timetable;
use crate::traffic::subscriber::Reading;
use crate::traffic::{Flow, Outcome, Pace, Plan, Publisher, Subscriber, Traffic};
use crate::wire::build::Session;
use crate::wire::publish::Template;

pub mod account;
mod collect;
mod field;
mod newest;
pub mod report;

use account::Account;
use field::Field;
pub use report::Report;
use report::{Collected, Readings};

/// Who must get what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receivers {
    /// Durable sessions with a connection, which acknowledge.
    Online,
    /// Durable sessions without one; each comes back at the end and takes what waits for it.
    Offline,
    /// Nobody: the messages are retained, and the newest of each topic is read at the end.
    Retained,
}

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Who gets the messages.
    pub receivers: Receivers,
    /// Publishing connections.
    pub publishers: usize,
    /// Topics of each publisher, written to in turn.
    pub topics: usize,
    /// Durable sessions a topic.
    pub sessions: usize,
    /// Whether the publishers' sessions outlive their connections too.
    pub durable_publishers: bool,
    /// Of publishing and of subscribing: 1 or 2.
    pub qos: u8,
    /// Bytes of a payload, at least a stamp.
    pub payload_len: usize,
    /// How fast; a window is of unacknowledged messages.
    pub drive: Drive,
    /// The broker's store, to count its commits.
    pub store: Option<PathBuf>,
}

/// Makes the sessions, carries the plan out, takes what waits, and removes the sessions.
pub fn run(target: &Target, scenario: &Scenario, plan: &Plan) -> Result<Report, LoadError> {
    let field = Field::new(scenario, std::process::id());
    let readings = Readings::new(plan.broker, scenario.store.as_deref())?;
    match scenario.receivers {
        Receivers::Online => online(target, &field, plan, readings),
        Receivers::Offline => offline(target, &field, plan, readings),
        Receivers::Retained => retained(target, &field, plan, readings),
    }
}

fn online(
    target: &Target,
    field: &Field<'_>,
    plan: &Plan,
    mut readings: Readings,
) -> Result<Report, LoadError> {
    let subscribers: Result<Vec<_>, _> =
        (0..field.sessions()).map(|index| Subscriber::new(field.open(target, index)?, index)).collect();
    let outcome = traffic(target, field, subscribers?, field.account(), plan, &mut readings)?;
    for index in 0..field.sessions() {
        field.end(target, index)?;
    }
    Ok(Report::new(target, field.scenario, &outcome, &readings))
}

fn offline(target: &Target, field: &Field<'_>, plan: &Plan, readings: Readings) -> Result<Report, LoadError> {
    for index in 0..field.sessions() {
        field.open(target, index)?.disconnect()?;
    }
    afterwards(target, field, plan, readings, collect::collect)
}

fn retained(
    target: &Target,
    field: &Field<'_>,
    plan: &Plan,
    readings: Readings,
) -> Result<Report, LoadError> {
    afterwards(target, field, plan, readings, newest::read)
}

/// Takes what was sent, of each publisher how many, when the traffic is over.
type Take = fn(&Target, &Field<'_>, &[u64], Duration) -> Result<(Collected, Faults), LoadError>;

fn afterwards(
    target: &Target,
    field: &Field<'_>,
    plan: &Plan,
    mut readings: Readings,
    take: Take,
) -> Result<Report, LoadError> {
    let outcome = traffic(target, field, Vec::new(), Account::of_nobody(), plan, &mut readings)?;
    let (collected, faults) = take(target, field, &outcome.sent_each, plan.patience)?;
    let mut report = Report::new(target, field.scenario, &outcome, &readings);
    report.collected = Some(collected);
    report.faults.add(&faults);
    Ok(report)
}

fn traffic(
    target: &Target,
    field: &Field<'_>,
    subscribers: Vec<Subscriber>,
    account: Account,
    plan: &Plan,
    readings: &mut Readings,
) -> Result<Outcome, LoadError> {
    let scenario = field.scenario;
    let pace = match scenario.drive {
        Drive::Window(window) => Pace::Unacknowledged(window),
        Drive::PerSecond(rate) => Pace::Timetable(Timetable::new(rate, Duration::ZERO)?),
    };
    let publishers: Result<Vec<_>, _> =
        (0..scenario.publishers).map(|publisher| open_publisher(target, field, publisher)).collect();
    let reading = Reading::new(field.run, target.version, scenario.payload_len);
    let flow = Flow::new(publishers?, subscribers, account, pace, reading);
    let outcome = Traffic::new(flow, *plan)?.run_beside(|| readings.take())?;
    end_publishers(target, field)?;
    Ok(outcome)
}

/// Removes the publishers' sessions where they outlive their connections.
fn end_publishers(target: &Target, field: &Field<'_>) -> Result<(), LoadError> {
    if !field.scenario.durable_publishers {
        return Ok(());
    }
    for publisher in 0..field.scenario.publishers {
        Blocking::connect(target, &field.publisher_id(publisher), 0)?.disconnect()?;
    }
    Ok(())
}

fn open_publisher(target: &Target, field: &Field<'_>, publisher: usize) -> Result<Publisher, LoadError> {
    let scenario = field.scenario;
    let session = if scenario.durable_publishers { Session::New } else { Session::Clean };
    let connection = Blocking::connect_to(target, &field.publisher_id(publisher), 0, session)?;
    let retain = scenario.receivers == Receivers::Retained;
    let template =
        |topic: &String| Template::new(target.version, scenario.qos, retain, topic, scenario.payload_len);
    let templates = field.topics_of(publisher).iter().map(template).collect();
    Publisher::new(
        connection,
        field.run,
        u32::try_from(publisher).unwrap_or(u32::MAX),
        templates,
        scenario.qos,
    )
}
