//! Runs the command that the command line selects. Each command prints a report and returns the number of faults.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tidegate_benches::churn;
use tidegate_benches::connection::{self, Target};
use tidegate_benches::error::LoadError;
use tidegate_benches::idle::links::{Links, Transport};
use tidegate_benches::idle::{self, tcp::Tcp};
use tidegate_benches::process::MonitoredProcess;
use tidegate_benches::relay::{Relay, Security};
use tidegate_benches::report;
use tidegate_benches::retained;
use tidegate_benches::streams;
use tidegate_benches::subscriptions;
use tidegate_benches::traffic::Plan;

use crate::arguments::{
    Arguments, BrokerArguments, ChurnArguments, Command, IdleArguments, MeasurementArguments,
    PersistenceCommand, RelayArguments, RetainedArguments, SubscriptionsArguments, TransportArgument,
};

mod durable;
mod fill;
mod traffic;

/// Runs the command and returns the number of faults.
pub fn run(arguments: &Arguments) -> Result<u64, LoadError> {
    match &arguments.command {
        Command::Traffic(command) => traffic::run(command),
        Command::Churn(arguments) => churn(arguments),
        Command::Idle(arguments) => idle(arguments),
        Command::Subscriptions(arguments) => subscriptions(arguments),
        Command::Retained(arguments) => retained(arguments),
        Command::Persistence(command) => persistence(command),
        Command::Relay(arguments) => relay(arguments),
    }
}

fn persistence(command: &PersistenceCommand) -> Result<u64, LoadError> {
    match command {
        PersistenceCommand::Durable(arguments) => durable::durable(arguments),
        PersistenceCommand::SyncProbe(arguments) => durable::sync_probe(arguments),
        PersistenceCommand::Fill(arguments) => fill::fill(arguments),
        PersistenceCommand::Resume(arguments) => fill::resume(arguments),
        PersistenceCommand::Replay(arguments) => fill::replay(arguments),
    }
}

fn churn(arguments: &ChurnArguments) -> Result<u64, LoadError> {
    let scenario = churn::Scenario {
        workers: arguments.workers,
        per_second: arguments.rate,
        warmup: duration(arguments.measurement.warmup)?,
        measured: duration(arguments.measurement.seconds)?,
        broker: arguments.broker.pid.map(MonitoredProcess::Id),
    };
    let report = churn::run(&|| target_with(&arguments.broker, arguments.resume_tls), &scenario)?;
    report::print(&report, arguments.broker.json)?;
    Ok(report.failed)
}

fn idle(arguments: &IdleArguments) -> Result<u64, LoadError> {
    let scenario = idle::Scenario {
        connections: arguments.connections,
        settle_time: duration(arguments.settle)?,
        hold: duration(arguments.hold)?,
        broker: arguments.broker.pid.map(MonitoredProcess::Id),
    };
    let report = match arguments.broker.transport {
        TransportArgument::Tcp => idle::run(&mut Tcp::new(target(&arguments.broker)?), &scenario)?,
        other => idle::run(&mut Links::new(transport(other, &arguments.broker))?, &scenario)?,
    };
    report::print(&report, arguments.broker.json)?;
    Ok(report.disturbed)
}

fn transport(transport: TransportArgument, broker: &BrokerArguments) -> Transport {
    let (name, scheme) = transport.name_and_scheme();
    let version = broker.version.into();
    Transport { name, scheme, address: broker.target, ca: broker.ca.clone(), version }
}

fn subscriptions(arguments: &SubscriptionsArguments) -> Result<u64, LoadError> {
    let scenario = subscriptions::Scenario {
        subscriptions: arguments.subscriptions,
        clients: arguments.clients,
        per_second: arguments.rate,
        burst_interval: Duration::from_micros(arguments.tick),
    };
    let plan = plan(&arguments.broker, arguments.measurement)?;
    let report = subscriptions::run(&target(&arguments.broker)?, &scenario, &plan)?;
    report::print(&report, arguments.broker.json)?;
    Ok(report.traffic.faults.total())
}

fn retained(arguments: &RetainedArguments) -> Result<u64, LoadError> {
    let scenario = retained::Scenario {
        topics: arguments.topics,
        rounds: arguments.rounds,
        qos: arguments.qos,
        payload_len: usize::try_from(arguments.payload).unwrap_or(usize::MAX),
        delivery_timeout: Duration::from_secs(5),
        broker: arguments.broker.pid.map(MonitoredProcess::Id),
    };
    let report = retained::run(&target(&arguments.broker)?, &scenario)?;
    report::print(&report, arguments.broker.json)?;
    Ok(report.faults.total())
}

fn relay(arguments: &RelayArguments) -> Result<u64, LoadError> {
    let security = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) if arguments.quic => Security::Quic { certificate, key },
        (Some(certificate), Some(key)) => Security::Tls { certificate, key },
        _ => Security::None,
    };
    Relay::bind(arguments.listen, security, arguments.injected_faults)?.run(&AtomicBool::new(false))?;
    Ok(0)
}

fn target(broker: &BrokerArguments) -> Result<Target, LoadError> {
    target_with(broker, true)
}

fn target_with(broker: &BrokerArguments, resume: bool) -> Result<Target, LoadError> {
    let transport = connection::Transport::new(broker.transport.kind(), broker.ca.as_deref(), resume)?;
    Ok(Target { address: broker.target, version: broker.version.into(), transport })
}

fn plan(broker: &BrokerArguments, measurement: MeasurementArguments) -> Result<Plan, LoadError> {
    Ok(streams::plan(
        duration(measurement.warmup)?,
        duration(measurement.seconds)?,
        broker.pid.map(MonitoredProcess::Id),
    ))
}

fn duration(seconds: f64) -> Result<Duration, LoadError> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| LoadError::Arguments("a number of seconds must not be negative, and not be huge"))
}
