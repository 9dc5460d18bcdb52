//! Runs the scenarios with fixed streams.

use std::fs;
use std::time::Duration;

use serde::Serialize;
use tidegate_benches::curve::{self, svg};
use tidegate_benches::error::LoadError;
use tidegate_benches::report::{self, TrafficReport};
use tidegate_benches::streams::slow_subscriber::{self, SlowSubscriber};
use tidegate_benches::streams::{self, LoadModel, Scenario, Topology};
use tidegate_benches::traffic::subscriber::RunContext;
use tidegate_benches::traffic::{Plan, Snapshot};

use super::{plan, target};
use crate::arguments::{CurveArguments, SharedArguments, SlowArguments, StreamArguments, TrafficCommand};

pub(super) fn run(command: &TrafficCommand) -> Result<u64, LoadError> {
    match command {
        TrafficCommand::Pairs(arguments) => streams("pairs", Topology::Pairs(arguments.count), arguments),
        TrafficCommand::FanOut(arguments) => streams("fan-out", Topology::FanOut(arguments.count), arguments),
        TrafficCommand::FanIn(arguments) => streams("fan-in", Topology::FanIn(arguments.count), arguments),
        TrafficCommand::Shared(arguments) => shared(arguments),
        TrafficCommand::Slow(arguments) => slow(arguments),
        TrafficCommand::Curve(arguments) => curve(arguments),
    }
}

fn streams(case: &str, topology: Topology, arguments: &StreamArguments) -> Result<u64, LoadError> {
    let target = target(&arguments.broker)?;
    let outcome = streams::run(&target, &scenario(topology, arguments), &traffic_plan(arguments)?)?;
    report::print(&TrafficReport::new(case, &target, arguments.qos, &outcome), arguments.broker.json)?;
    Ok(outcome.faults.total())
}

fn shared(arguments: &SharedArguments) -> Result<u64, LoadError> {
    let topology =
        Topology::Shared { publishers: arguments.streams.count, subscribers: arguments.subscribers };
    streams("shared", topology, &arguments.streams)
}

/// The figures of the normal subscribers and of the slow one.
#[derive(Serialize)]
struct SlowReport {
    #[serde(flatten)]
    traffic: TrafficReport,
    /// The broker's memory before the traffic, in KiB.
    resident_before_kib: Option<u64>,
    slow: slow_subscriber::Report,
}

fn slow(arguments: &SlowArguments) -> Result<u64, LoadError> {
    let (streams, target) = (&arguments.streams, target(&arguments.streams.broker)?);
    let scenario = scenario(Topology::FanOut(streams.count), streams);
    let run = std::process::id();
    let context = RunContext::new(run, target.version, scenario.payload_len);
    let slow_subscriber =
        SlowSubscriber::start(&target, streams::topic(run, 0), streams.qos, arguments.slow_rate, context)?;
    let plan = traffic_plan(streams)?;
    let before = Snapshot::of_broker(plan.broker)?;
    let outcome = streams::run(&target, &scenario, &plan)?;
    let mut traffic = TrafficReport::new("slow", &target, streams.qos, &outcome);
    let (slow, faults) = slow_subscriber.end(outcome.sent)?;
    traffic.faults.add(&faults);
    let total = traffic.faults.total();
    let resident_before_kib = before.resident_kib;
    report::print(&SlowReport { traffic, resident_before_kib, slow }, streams.broker.json)?;
    Ok(total)
}

fn curve(arguments: &CurveArguments) -> Result<u64, LoadError> {
    let (streams, target) = (&arguments.streams, target(&arguments.streams.broker)?);
    let scenario = curve::Scenario {
        streams: scenario(Topology::Pairs(streams.count), streams),
        first_rate: arguments.from,
        rate_max: arguments.to,
        steps_per_decade: arguments.steps,
    };
    let report = curve::run("pairs", &target, &scenario, &traffic_plan(streams)?)?;
    let written = |error| LoadError::Io { doing: "writing the curve", source: error };
    let json = serde_json::to_vec_pretty(&report).map_err(|error| written(error.into()))?;
    fs::write(arguments.output.with_extension("json"), json).map_err(written)?;
    fs::write(arguments.output.with_extension("svg"), svg::draw_report(&report)).map_err(written)?;
    report::print(&report, streams.broker.json)?;
    Ok(report.faults())
}

fn scenario(topology: Topology, arguments: &StreamArguments) -> Scenario {
    Scenario {
        topology,
        load_model: arguments.rate.map_or(LoadModel::Window(arguments.window), LoadModel::PerSecond),
        burst_interval: Duration::from_micros(arguments.tick),
        qos: arguments.qos,
        payload_len: usize::try_from(arguments.payload).unwrap_or(usize::MAX),
    }
}

fn traffic_plan(arguments: &StreamArguments) -> Result<Plan, LoadError> {
    Ok(Plan { messages: arguments.messages, ..plan(&arguments.broker, arguments.measurement)? })
}
