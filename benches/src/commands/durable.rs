//! Runs the scenarios with persistent sessions and the disk measurement.

use tidegate_benches::durable;
use tidegate_benches::error::LoadError;
use tidegate_benches::report;
use tidegate_benches::streams::LoadModel;
use tidegate_benches::sync_probe;
use tidegate_benches::traffic::Plan;

use super::{duration, plan, target};
use crate::arguments::{DurableArguments, SyncProbeArguments};

pub(super) fn durable(arguments: &DurableArguments) -> Result<u64, LoadError> {
    let scenario = durable::Scenario {
        receivers: arguments.subscriber.into(),
        publishers: usize::from(arguments.publishers),
        topics: usize::try_from(arguments.topics).unwrap_or(usize::MAX),
        sessions: usize::from(arguments.sessions),
        durable_publishers: arguments.durable_publishers,
        qos: arguments.qos,
        payload_len: usize::try_from(arguments.payload).unwrap_or(usize::MAX),
        load_model: arguments.rate.map_or(LoadModel::Window(arguments.window), LoadModel::PerSecond),
        store: arguments.store.clone(),
    };
    let plan = Plan { messages: arguments.messages, ..plan(&arguments.broker, arguments.measurement)? };
    let report = durable::run(&target(&arguments.broker)?, &scenario, &plan)?;
    report::print(&report, arguments.broker.json)?;
    Ok(report.faults.total())
}

pub(super) fn sync_probe(arguments: &SyncProbeArguments) -> Result<u64, LoadError> {
    let scenario = sync_probe::Scenario { duration: duration(arguments.seconds)?, pages: arguments.pages };
    let report = sync_probe::run(&arguments.folder, &scenario)?;
    report::print(&report, arguments.json)?;
    Ok(0)
}
