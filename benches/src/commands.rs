//! Runs what the command line asks for. Each command returns the number of faults.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tidegate_benches::churn;
use tidegate_benches::connection::{self, Target};
use tidegate_benches::error::LoadError;
use tidegate_benches::idle::links::{Links, Transport};
use tidegate_benches::idle::{self, tcp::Tcp};
use tidegate_benches::process::Watched;
use tidegate_benches::relay::{Relay, Security};
use tidegate_benches::report;
use tidegate_benches::retained;
use tidegate_benches::streams;
use tidegate_benches::subscriptions;
use tidegate_benches::traffic::Plan;

use crate::arguments::{
    Arguments, Broker, ChurnArguments, Command, IdleArguments, KeptCommand, RelayArguments,
    RetainedArguments, Span, SubscriptionsArguments, TransportArgument,
};

mod durable;
mod fill;
mod traffic;

/// Carries the command out.
pub fn run(arguments: &Arguments) -> Result<u64, LoadError> {
    match &arguments.command {
        Command::Traffic(command) => traffic::run(command),
        Command::Churn(with) => churn(with),
        Command::Idle(with) => idle(with),
        Command::Subscriptions(with) => subscriptions(with),
        Command::Retained(with) => retained(with),
        Command::Kept(command) => kept(command),
        Command::Relay(with) => relay(with),
    }
}

fn kept(command: &KeptCommand) -> Result<u64, LoadError> {
    match command {
        KeptCommand::Durable(with) => durable::durable(with),
        KeptCommand::SyncProbe(with) => durable::sync_probe(with),
        KeptCommand::Fill(with) => fill::fill(with),
        KeptCommand::Resume(with) => fill::resume(with),
        KeptCommand::Replay(with) => fill::replay(with),
    }
}

fn churn(with: &ChurnArguments) -> Result<u64, LoadError> {
    let scenario = churn::Scenario {
        workers: with.workers,
        per_second: with.rate,
        warmup: duration(with.span.warmup)?,
        measured: duration(with.span.seconds)?,
        broker: with.broker.pid.map(Watched::Id),
    };
    let report = churn::run(&|| target_with(&with.broker, with.resume), &scenario)?;
    report::print(&report, with.broker.json)?;
    Ok(report.failed)
}

fn idle(with: &IdleArguments) -> Result<u64, LoadError> {
    let scenario = idle::Scenario {
        connections: with.connections,
        settle: duration(with.settle)?,
        hold: duration(with.hold)?,
        broker: with.broker.pid.map(Watched::Id),
    };
    let report = match with.broker.transport {
        TransportArgument::Tcp => idle::run(&mut Tcp::new(target(&with.broker)?), &scenario)?,
        other => idle::run(&mut Links::new(transport(other, &with.broker))?, &scenario)?,
    };
    report::print(&report, with.broker.json)?;
    Ok(report.disturbed)
}

fn transport(transport: TransportArgument, broker: &Broker) -> Transport {
    let (name, scheme) = transport.names();
    let version = broker.version.into();
    Transport { name, scheme, address: broker.target, ca: broker.ca.clone(), version }
}

fn subscriptions(with: &SubscriptionsArguments) -> Result<u64, LoadError> {
    let scenario = subscriptions::Scenario {
        subscriptions: with.subscriptions,
        clients: with.clients,
        per_second: with.rate,
        tick: Duration::from_micros(with.tick),
    };
    let plan = plan(&with.broker, with.span)?;
    let report = subscriptions::run(&target(&with.broker)?, &scenario, &plan)?;
    report::print(&report, with.broker.json)?;
    Ok(report.traffic.faults.total())
}

fn retained(with: &RetainedArguments) -> Result<u64, LoadError> {
    let scenario = retained::Scenario {
        topics: with.topics,
        rounds: with.rounds,
        qos: with.qos,
        payload_len: usize::try_from(with.payload).unwrap_or(usize::MAX),
        patience: Duration::from_secs(5),
        broker: with.broker.pid.map(Watched::Id),
    };
    let report = retained::run(&target(&with.broker)?, &scenario)?;
    report::print(&report, with.broker.json)?;
    Ok(report.faults.total())
}

fn relay(with: &RelayArguments) -> Result<u64, LoadError> {
    let security = match (&with.certificate, &with.key) {
        (Some(certificate), Some(key)) if with.quic => Security::Quic { certificate, key },
        (Some(certificate), Some(key)) => Security::Tls { certificate, key },
        _ => Security::None,
    };
    Relay::bind(with.listen, security, with.lies)?.run(&AtomicBool::new(false))?;
    Ok(0)
}

fn target(broker: &Broker) -> Result<Target, LoadError> {
    target_with(broker, true)
}

fn target_with(broker: &Broker, resume: bool) -> Result<Target, LoadError> {
    let transport = connection::Transport::new(broker.transport.kind(), broker.ca.as_deref(), resume)?;
    Ok(Target { address: broker.target, version: broker.version.into(), transport })
}

fn plan(broker: &Broker, span: Span) -> Result<Plan, LoadError> {
    Ok(streams::plan(duration(span.warmup)?, duration(span.seconds)?, broker.pid.map(Watched::Id)))
}

fn duration(seconds: f64) -> Result<Duration, LoadError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| LoadError::Arguments("seconds must not be negative"))
}
