//! Runs the scenarios with fixed streams.

use std::fs;
use std::time::Duration;

use serde::Serialize;
use tidegate_benches::curve::{self, svg};
use tidegate_benches::error::LoadError;
use tidegate_benches::report::{self, TrafficReport};
use tidegate_benches::streams::laggard::{self, Laggard};
use tidegate_benches::streams::{self, Drive, Scenario, Topology};
use tidegate_benches::traffic::subscriber::Reading;
use tidegate_benches::traffic::{Mark, Plan};

use super::{plan, target};
use crate::arguments::{CurveArguments, SharedArguments, SlowArguments, Streams, TrafficCommand};

pub(super) fn run(command: &TrafficCommand) -> Result<u64, LoadError> {
    match command {
        TrafficCommand::Pairs(with) => streams("pairs", Topology::Pairs(with.count), with),
        TrafficCommand::FanOut(with) => streams("fan-out", Topology::FanOut(with.count), with),
        TrafficCommand::FanIn(with) => streams("fan-in", Topology::FanIn(with.count), with),
        TrafficCommand::Shared(with) => shared(with),
        TrafficCommand::Slow(with) => slow(with),
        TrafficCommand::Curve(with) => curve(with),
    }
}

fn streams(case: &str, topology: Topology, with: &Streams) -> Result<u64, LoadError> {
    let target = target(&with.broker)?;
    let outcome = streams::run(&target, &scenario(topology, with), &plan_of(with)?)?;
    report::print(&TrafficReport::new(case, &target, with.qos, &outcome), with.broker.json)?;
    Ok(outcome.faults.total())
}

fn shared(with: &SharedArguments) -> Result<u64, LoadError> {
    let topology = Topology::Shared { publishers: with.streams.count, subscribers: with.subscribers };
    streams("shared", topology, &with.streams)
}

/// The figures of those that are not slow, and of the one that is.
#[derive(Serialize)]
struct SlowReport {
    #[serde(flatten)]
    traffic: TrafficReport,
    /// The broker's memory before the traffic, in KiB.
    resident_before_kib: Option<u64>,
    slow: laggard::Report,
}

fn slow(with: &SlowArguments) -> Result<u64, LoadError> {
    let (streams, target) = (&with.streams, target(&with.streams.broker)?);
    let scenario = scenario(Topology::FanOut(streams.count), streams);
    let run = std::process::id();
    let reading = Reading::new(run, target.version, scenario.payload_len);
    let laggard = Laggard::start(&target, streams::topic(run, 0), streams.qos, with.slow_rate, reading)?;
    let plan = plan_of(streams)?;
    let before = Mark::of(plan.broker)?;
    let outcome = streams::run(&target, &scenario, &plan)?;
    let mut traffic = TrafficReport::new("slow", &target, streams.qos, &outcome);
    let (slow, faults) = laggard.end(outcome.sent)?;
    traffic.faults.add(&faults);
    let total = traffic.faults.total();
    let resident_before_kib = before.resident_kib;
    report::print(&SlowReport { traffic, resident_before_kib, slow }, streams.broker.json)?;
    Ok(total)
}

fn curve(with: &CurveArguments) -> Result<u64, LoadError> {
    let (streams, target) = (&with.streams, target(&with.streams.broker)?);
    let scenario = curve::Scenario {
        streams: scenario(Topology::Pairs(streams.count), streams),
        from: with.from,
        to: with.to,
        steps_a_decade: with.steps,
    };
    let report = curve::run("pairs", &target, &scenario, &plan_of(streams)?)?;
    let written = |error| LoadError::Io { doing: "writing the curve", source: error };
    let json = serde_json::to_vec_pretty(&report).map_err(|error| written(error.into()))?;
    fs::write(with.output.with_extension("json"), json).map_err(written)?;
    fs::write(with.output.with_extension("svg"), svg::of(&report)).map_err(written)?;
    report::print(&report, streams.broker.json)?;
    Ok(report.faults())
}

fn scenario(topology: Topology, with: &Streams) -> Scenario {
    Scenario {
        topology,
        drive: with.rate.map_or(Drive::Window(with.window), Drive::PerSecond),
        tick: Duration::from_micros(with.tick),
        qos: with.qos,
        payload_len: usize::try_from(with.payload).unwrap_or(usize::MAX),
    }
}

fn plan_of(with: &Streams) -> Result<Plan, LoadError> {
    Ok(Plan { messages: with.messages, ..plan(&with.broker, with.span)? })
}
