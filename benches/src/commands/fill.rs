//! Runs the scenarios that write into a store directly, and those that check a broker which was started from such a
//! store.

use std::time::Duration;

use tidegate_benches::error::LoadError;
use tidegate_benches::fill::{self, replay, resume};
use tidegate_benches::process::MonitoredProcess;
use tidegate_benches::report;

use super::target;
use crate::arguments::{FillArguments, ReplayArguments, ResumeArguments};

pub(super) fn fill(arguments: &FillArguments) -> Result<u64, LoadError> {
    let FillArguments { sessions, queued, retained, .. } = *arguments;
    let scenario = fill::Scenario { sessions, queued, retained, payload_len: len(arguments.payload) };
    report::print(&fill::run(&arguments.data, &scenario)?, arguments.json)?;
    Ok(0)
}

pub(super) fn resume(arguments: &ResumeArguments) -> Result<u64, LoadError> {
    let ResumeArguments { sessions, sample, queued, .. } = *arguments;
    let payload_len = len(arguments.payload);
    let scenario =
        resume::Scenario { sessions, sample, queued, payload_len, delivery_timeout: DELIVERY_TIMEOUT };
    let report = resume::run(&target(&arguments.broker)?, &scenario)?;
    report::print(&report, arguments.broker.json)?;
    Ok(report.faults.total() + u64::from(report.absent))
}

pub(super) fn replay(arguments: &ReplayArguments) -> Result<u64, LoadError> {
    let scenario = replay::Scenario {
        topics: arguments.topics,
        payload_len: len(arguments.payload),
        qos: arguments.qos,
        slow_rate: arguments.slow_rate,
        delivery_timeout: DELIVERY_TIMEOUT,
        broker: arguments.broker.pid.map(MonitoredProcess::Id),
    };
    let report = replay::run(&target(&arguments.broker)?, &scenario)?;
    report::print(&report, arguments.broker.json)?;
    Ok(report.faults.total())
}

fn len(payload: u32) -> usize {
    usize::try_from(payload).unwrap_or(usize::MAX)
}

/// Time without an arriving message after which the missing messages count as lost.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
