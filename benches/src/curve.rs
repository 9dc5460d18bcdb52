//! Latency as a function of load: an open loop whose rate rises until the broker no longer keeps up.

use serde::Serialize;

use crate::connection::Target;
use crate::error::LoadError;
use crate::number::float;
use crate::report::TrafficReport;
use crate::streams::{self, LoadModel};
use crate::traffic::Plan;

pub mod svg;

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// The streams at each rate. Their own load model is ignored.
    pub streams: streams::Scenario,
    /// Number of messages per second of the first step.
    pub first_rate: u64,
    /// Highest number of messages per second. The run ends earlier if a step is saturated.
    pub rate_max: u64,
    /// Number of steps per factor of ten.
    pub steps_per_decade: u32,
}

/// The figures at one rate.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Number of messages per second that the step attempted to publish.
    pub rate: u64,
    /// Whether the published or the delivered messages fell short of the rate.
    pub saturated: bool,
    /// The other figures.
    #[serde(flatten)]
    pub traffic: TrafficReport,
}

/// The figures at all rates.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `curve`.
    pub case: &'static str,
    /// The steps in the order of rising rates.
    pub steps: Vec<Step>,
}

impl Report {
    /// Returns the number of faults. The faults of saturated steps do not count, because the broker may drop messages
    /// in such a step.
    pub fn faults(&self) -> u64 {
        self.steps.iter().filter(|step| !step.saturated).map(|step| step.traffic.faults.total()).sum()
    }
}

/// Raises the rate step by step until the broker is saturated.
pub fn run(case: &str, target: &Target, scenario: &Scenario, plan: &Plan) -> Result<Report, LoadError> {
    let mut steps = Vec::new();
    for rate in rates(scenario) {
        let streams = streams::Scenario { load_model: LoadModel::PerSecond(rate), ..scenario.streams };
        let outcome = streams::run(target, &streams, plan)?;
        let traffic = TrafficReport::new(case, target, streams.qos, &outcome);
        let saturated = traffic.published_per_second < float(rate) * SATURATION_THRESHOLD
            || traffic.delivered_per_second
                < traffic.published_per_second * deliveries_per_message(&streams) * SATURATION_THRESHOLD;
        steps.push(Step { rate, saturated, traffic });
        if saturated {
            break;
        }
    }
    Ok(Report { case: "curve", steps })
}

/// Returns the rates of the steps, evenly spaced on a logarithmic scale.
fn rates(scenario: &Scenario) -> impl Iterator<Item = u64> {
    let factor = 10f64.powf(1.0 / f64::from(scenario.steps_per_decade.max(1)));
    let (first_rate, rate_max) = (scenario.first_rate.max(1), scenario.rate_max);
    (0i32..)
        .map(move |step| {
            #[expect(clippy::as_conversions, reason = "rates are far below 2^53")]
            let rate = (float(first_rate) * factor.powi(step)).round() as u64;
            rate
        })
        .take_while(move |rate| *rate <= rate_max)
}

/// Returns the number of subscribers that receive each message.
fn deliveries_per_message(streams: &streams::Scenario) -> f64 {
    match streams.topology {
        streams::Topology::FanOut(many) => float(crate::number::count(many)),
        _ => 1.0,
    }
}

/// Fraction of the expected rate. A step that publishes or delivers less than this fraction counts as saturated.
const SATURATION_THRESHOLD: f64 = 0.95;

#[cfg(test)]
mod tests;
