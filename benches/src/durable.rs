//! Traffic that the broker must store before it acknowledges it: messages to persistent sessions and retained messages.
//! The window counts unacknowledged messages, so the scenario measures the rate of acknowledgements, not of deliveries.

use std::path::PathBuf;
use std::time::Duration;

use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::streams::LoadModel;
use crate::traffic::pace::Schedule;
use crate::traffic::subscriber::RunContext;
use crate::traffic::{Outcome, Pace, Plan, Publisher, Subscriber, TrafficLoop, Workload};
use crate::wire::build::Session;
use crate::wire::publish::Template;

pub mod checker;
mod collect;
mod layout;
mod newest;
pub mod report;

use checker::SessionChecker;
use layout::Layout;
pub use report::Report;
use report::{BrokerSamples, Collected};

/// Who receives the published messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receivers {
    /// Persistent sessions that are connected and acknowledge.
    Online,
    /// Persistent sessions that are not connected. Each session reconnects at the end and receives its queued messages.
    Offline,
    /// No session: the messages are retained, and the newest one of each topic is read at the end.
    Retained,
}

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Who receives the messages.
    pub receivers: Receivers,
    /// Number of publishing connections.
    pub publishers: usize,
    /// Number of topics per publisher, published to in turn.
    pub topics: usize,
    /// Number of persistent sessions per topic.
    pub sessions: usize,
    /// Whether the publishers' sessions are persistent too.
    pub durable_publishers: bool,
    /// QoS of publishing and subscribing: 1 or 2.
    pub qos: u8,
    /// Bytes per payload, at least `STAMP_LEN`.
    pub payload_len: usize,
    /// The load model. A window counts unacknowledged messages.
    pub load_model: LoadModel,
    /// Folder of the broker's store. If the folder is given, the report contains the number of commits.
    pub store: Option<PathBuf>,
}

/// Creates the sessions, runs the traffic, receives queued messages, and removes the sessions.
pub fn run(target: &Target, scenario: &Scenario, plan: &Plan) -> Result<Report, LoadError> {
    let layout = Layout::new(scenario, std::process::id());
    let samples = BrokerSamples::new(plan.broker, scenario.store.as_deref())?;
    match scenario.receivers {
        Receivers::Online => run_online(target, &layout, plan, samples),
        Receivers::Offline => run_offline(target, &layout, plan, samples),
        Receivers::Retained => run_retained(target, &layout, plan, samples),
    }
}

fn run_online(
    target: &Target,
    layout: &Layout<'_>,
    plan: &Plan,
    mut samples: BrokerSamples,
) -> Result<Report, LoadError> {
    let subscribers: Result<Vec<_>, _> = (0..layout.session_count())
        .map(|index| Subscriber::new(layout.open_session(target, index)?, index))
        .collect();
    let outcome = run_traffic(target, layout, subscribers?, layout.new_checker(), plan, &mut samples)?;
    for index in 0..layout.session_count() {
        layout.end_session(target, index)?;
    }
    Ok(Report::new(target, layout.scenario, &outcome, &samples))
}

fn run_offline(
    target: &Target,
    layout: &Layout<'_>,
    plan: &Plan,
    samples: BrokerSamples,
) -> Result<Report, LoadError> {
    for index in 0..layout.session_count() {
        layout.open_session(target, index)?.disconnect()?;
    }
    publish_then_collect(target, layout, plan, samples, collect::collect)
}

fn run_retained(
    target: &Target,
    layout: &Layout<'_>,
    plan: &Plan,
    samples: BrokerSamples,
) -> Result<Report, LoadError> {
    publish_then_collect(target, layout, plan, samples, newest::read)
}

/// A function that receives and checks the stored messages after the traffic. The slice contains the number of sent
/// messages of each publisher.
type CollectStored = fn(&Target, &Layout<'_>, &[u64], Duration) -> Result<(Collected, Faults), LoadError>;

fn publish_then_collect(
    target: &Target,
    layout: &Layout<'_>,
    plan: &Plan,
    mut samples: BrokerSamples,
    collect: CollectStored,
) -> Result<Report, LoadError> {
    let outcome =
        run_traffic(target, layout, Vec::new(), SessionChecker::without_sessions(), plan, &mut samples)?;
    let (collected, faults) = collect(target, layout, &outcome.sent_by_publisher, plan.delivery_timeout)?;
    let mut report = Report::new(target, layout.scenario, &outcome, &samples);
    report.collected = Some(collected);
    report.faults.add(&faults);
    Ok(report)
}

fn run_traffic(
    target: &Target,
    layout: &Layout<'_>,
    subscribers: Vec<Subscriber>,
    checker: SessionChecker,
    plan: &Plan,
    samples: &mut BrokerSamples,
) -> Result<Outcome, LoadError> {
    let scenario = layout.scenario;
    let pace = match scenario.load_model {
        LoadModel::Window(window) => Pace::Unacknowledged(window),
        LoadModel::PerSecond(rate) => Pace::Schedule(Schedule::new(rate, Duration::ZERO)?),
    };
    let publishers: Result<Vec<_>, _> =
        (0..scenario.publishers).map(|publisher| open_publisher(target, layout, publisher)).collect();
    let context = RunContext::new(layout.run, target.version, scenario.payload_len);
    let workload = Workload::new(publishers?, subscribers, checker, pace, context)?;
    let outcome = TrafficLoop::new(workload, *plan)?.run_with_sampling(|| samples.take())?;
    end_publishers(target, layout)?;
    Ok(outcome)
}

/// Removes the publishers' sessions if they are persistent.
fn end_publishers(target: &Target, layout: &Layout<'_>) -> Result<(), LoadError> {
    if !layout.scenario.durable_publishers {
        return Ok(());
    }
    for publisher in 0..layout.scenario.publishers {
        BlockingConnection::connect(target, &layout.publisher_id(publisher), 0)?.disconnect()?;
    }
    Ok(())
}

fn open_publisher(target: &Target, layout: &Layout<'_>, publisher: usize) -> Result<Publisher, LoadError> {
    let scenario = layout.scenario;
    let session = if scenario.durable_publishers { Session::New } else { Session::Clean };
    let connection = BlockingConnection::connect_to(target, &layout.publisher_id(publisher), 0, session)?;
    let retain = scenario.receivers == Receivers::Retained;
    let template =
        |topic: &String| Template::new(target.version, scenario.qos, retain, topic, scenario.payload_len);
    let templates = layout.topics_of(publisher).iter().map(template).collect();
    Publisher::new(
        connection,
        layout.run,
        u32::try_from(publisher).unwrap_or(u32::MAX),
        templates,
        scenario.qos,
    )
}
