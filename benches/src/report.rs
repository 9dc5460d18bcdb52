//! The figures of a run, printed as lines of text or as JSON for `benches/compare.py`.

use std::io::{self, Write};

use serde::Serialize;

use crate::connection::Target;
use crate::error::LoadError;
use crate::faults::Faults;
use crate::latencies::Percentiles;
use crate::number::{float, ratio};
use crate::traffic::Outcome;

/// Figures of a scenario with traffic.
#[derive(Debug, Serialize)]
pub struct TrafficReport {
    /// Name of the scenario.
    pub case: String,
    /// The MQTT version.
    pub version: &'static str,
    /// The transport.
    pub transport: &'static str,
    /// QoS of publishing and subscribing.
    pub qos: u8,
    /// Length of the measurement in seconds.
    pub seconds: f64,
    /// Number of messages published in the whole run.
    pub sent: u64,
    /// Number of messages delivered in the whole run.
    pub delivered: u64,
    /// Messages published per second, in the measurement.
    pub published_per_second: f64,
    /// Messages delivered per second, in the measurement.
    pub delivered_per_second: f64,
    /// The broker's resource use. `None` if the broker's process id is not known.
    pub broker: Option<BrokerUse>,
    /// Mean number of processors that the load generator kept busy. If this number is near 1, the load generator may be
    /// the bottleneck.
    pub load_processors: f64,
    /// Microseconds from the time at which a message should have been sent until its delivery. `None` in a closed loop.
    pub latency_micros: Option<Percentiles>,
    /// Microseconds from the time at which a message should have been sent until it was sent: the load generator's
    /// part of the latency.
    pub lateness_micros: Option<Percentiles>,
    /// The faults that were found.
    pub faults: Faults,
}

/// The resource use of a broker during the measurement.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BrokerUse {
    /// Microseconds of processor time per message, user and system.
    pub micros_per_message: f64,
    /// The part of `micros_per_message` that is user time.
    pub user_micros_per_message: f64,
    /// Mean number of processors that the broker kept busy.
    pub processors: f64,
    /// Resident memory in KiB at the end of the measurement.
    pub resident_kib: u64,
}

impl TrafficReport {
    /// Creates a report of the figures between the two snapshots of an outcome.
    pub fn new(case: &str, target: &Target, qos: u8, outcome: &Outcome) -> Self {
        let (from, to) = (&outcome.from, &outcome.to);
        let seconds = to.since(from).as_secs_f64();
        let delivered = float(to.delivered - from.delivered);
        let broker = to.broker_since(from).zip(to.resident_kib).map(|(used, resident_kib)| BrokerUse {
            micros_per_message: ratio(used.total().as_secs_f64() * 1e6, delivered),
            user_micros_per_message: ratio(used.user.as_secs_f64() * 1e6, delivered),
            processors: ratio(used.total().as_secs_f64(), seconds),
            resident_kib,
        });
        Self {
            case: case.to_owned(),
            version: target.version.name(),
            transport: target.transport.name(),
            qos,
            seconds,
            sent: outcome.sent,
            delivered: outcome.delivered,
            published_per_second: ratio(float(to.sent - from.sent), seconds),
            delivered_per_second: ratio(delivered, seconds),
            broker,
            load_processors: ratio(to.own.since(&from.own).total().as_secs_f64(), seconds),
            latency_micros: outcome.latency.percentiles(),
            lateness_micros: outcome.lateness.percentiles(),
            faults: outcome.faults,
        }
    }
}

/// Prints a report as one JSON object, or with one line per figure.
pub fn print<T: Serialize>(report: &T, json: bool) -> Result<(), LoadError> {
    let value = serde_json::to_value(report)
        .map_err(|error| LoadError::Io { doing: "writing the report", source: error.into() })?;
    let mut text = String::new();
    if json {
        text = value.to_string();
        text.push('\n');
    } else {
        append_lines("", &value, &mut text);
    }
    io::stdout().write_all(text.as_bytes()).map_err(LoadError::io("writing the report"))
}

/// Appends one line for each leaf of `value`, with the path and the value of the leaf.
fn append_lines(path: &str, value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                append_lines(&path, value, out);
            }
        }
        serde_json::Value::Array(parts) => {
            for (index, value) in parts.iter().enumerate() {
                append_lines(&format!("{path}.{index}"), value, out);
            }
        }
        serde_json::Value::Null => {}
        serde_json::Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            out.push_str(&format!("{path:36} {number:.2}\n"));
        }
        other => out.push_str(&format!("{path:36} {}\n", other.to_string().trim_matches('"'))),
    }
}
