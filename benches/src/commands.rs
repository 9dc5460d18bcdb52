//! Runs what the command line asks for. Each command returns the number of faults.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tidegate_benches::connection::{self, Target};
use tidegate_benches::error::LoadError;
use tidegate_benches::idle::links::{Links, Transport};
use tidegate_benches::idle::{self, tcp::Tcp};
use tidegate_benches::process::Watched;
use tidegate_benches::relay::{Relay, Security};
use tidegate_benches::report::{self, TrafficReport};
use tidegate_benches::retained;
use tidegate_benches::streams::{self, Drive, Scenario, Topology};
use tidegate_benches::subscriptions;
use tidegate_benches::traffic::Plan;

use crate::arguments::{
    Arguments, Broker, Command, IdleArguments, KeptCommand, RelayArguments, RetainedArguments, Streams,
    SubscriptionsArguments, TransportArgument,
};

mod durable;
mod fill;

/// Carries the command out.
pub fn run(arguments: &Arguments) -> Result<u64, LoadError> {
    match &arguments.command {
        Command::Pairs(with) => traffic("pairs", Topology::Pairs(with.count), with),
        Command::FanOut(with) => traffic("fan-out", Topology::FanOut(with.count), with),
        Command::FanIn(with) => traffic("fan-in", Topology::FanIn(with.count), with),
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

fn traffic(case: &str, topology: Topology, with: &Streams) -> Result<u64, LoadError> {
    let scenario = Scenario {
        topology,
        drive: with.rate.map_or(Drive::Window(with.window), Drive::PerSecond),
        tick: Duration::from_micros(with.tick),
        qos: with.qos,
        payload_len: usize::try_from(with.payload).unwrap_or(usize::MAX),
    };
    let target = target(&with.broker)?;
    let plan = Plan { messages: with.messages, ..plan(&with.broker, with.warmup, with.seconds)? };
    let outcome = streams::run(&target, &scenario, &plan)?;
    let report = TrafficReport::new(case, &target, with.qos, &outcome);
    report::print(&report, with.broker.json)?;
    Ok(outcome.faults.total())
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
    let plan = plan(&with.broker, with.warmup, with.seconds)?;
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
    let transport = connection::Transport::new(broker.transport.kind(), broker.ca.as_deref(), true)?;
    Ok(Target { address: broker.target, version: broker.version.into(), transport })
}

fn plan(broker: &Broker, warmup: f64, seconds: f64) -> Result<Plan, LoadError> {
    Ok(streams::plan(duration(warmup)?, duration(seconds)?, broker.pid.map(Watched::Id)))
}

fn duration(seconds: f64) -> Result<Duration, LoadError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| LoadError::Arguments("seconds must not be negative"))
}
