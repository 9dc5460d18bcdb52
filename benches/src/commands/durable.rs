//! Runs the scenarios with promises.

use tidegate_benches::durable;
use tidegate_benches::error::LoadError;
use tidegate_benches::report;
use tidegate_benches::streams::Drive;
use tidegate_benches::sync_probe;
use tidegate_benches::traffic::Plan;

use super::{duration, plan, target};
use crate::arguments::{DurableArguments, SyncProbeArguments};

pub(super) fn durable(with: &DurableArguments) -> Result<u64, LoadError> {
    let scenario = durable::Scenario {
        receivers: with.subscriber.into(),
        publishers: usize::from(with.publishers),
        topics: usize::try_from(with.topics).unwrap_or(usize::MAX),
        sessions: usize::from(with.sessions),
        durable_publishers: with.durable_publishers,
        qos: with.qos,
        payload_len: usize::try_from(with.payload).unwrap_or(usize::MAX),
        drive: with.rate.map_or(Drive::Window(with.window), Drive::PerSecond),
        store: with.store.clone(),
    };
    let plan = Plan { messages: with.messages, ..plan(&with.broker, with.span)? };
    let report = durable::run(&target(&with.broker)?, &scenario, &plan)?;
    report::print(&report, with.broker.json)?;
    Ok(report.faults.total())
}

pub(super) fn sync_probe(with: &SyncProbeArguments) -> Result<u64, LoadError> {
    let scenario = sync_probe::Scenario { duration: duration(with.seconds)?, pages: with.pages };
    let report = sync_probe::run(&with.folder, &scenario)?;
    report::print(&report, with.json)?;
    Ok(0)
}
