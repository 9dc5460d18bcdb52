//! Fills stores, and looks at what brokers made of them.

use std::time::Duration;

use tidegate_benches::error::LoadError;
use tidegate_benches::fill::{self, check, replay};
use tidegate_benches::process::Watched;
use tidegate_benches::report;

use super::target;
use crate::arguments::{FillArguments, ReplayArguments, ResumeArguments};

pub(super) fn fill(with: &FillArguments) -> Result<u64, LoadError> {
    let FillArguments { sessions, queued, retained, .. } = *with;
    let scenario = fill::Scenario { sessions, queued, retained, payload_len: len(with.payload) };
    report::print(&fill::run(&with.data, &scenario)?, with.json)?;
    Ok(0)
}

pub(super) fn resume(with: &ResumeArguments) -> Result<u64, LoadError> {
    let ResumeArguments { sessions, sample, queued, .. } = *with;
    let payload_len = len(with.payload);
    let scenario = check::Scenario { sessions, sample, queued, payload_len, patience: PATIENCE };
    let report = check::run(&target(&with.broker)?, &scenario)?;
    report::print(&report, with.broker.json)?;
    Ok(report.faults.total() + u64::from(report.absent))
}

pub(super) fn replay(with: &ReplayArguments) -> Result<u64, LoadError> {
    let scenario = replay::Scenario {
        topics: with.topics,
        payload_len: len(with.payload),
        qos: with.qos,
        slow_rate: with.slow_rate,
        patience: PATIENCE,
        broker: with.broker.pid.map(Watched::Id),
    };
    let report = replay::run(&target(&with.broker)?, &scenario)?;
    report::print(&report, with.broker.json)?;
    Ok(report.faults.total())
}

fn len(payload: u32) -> usize {
    usize::try_from(payload).unwrap_or(usize::MAX)
}

/// How long nothing may come before what is missing counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);
