//! Figures of a run, as text for people and as JSON for `compare`.

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
    /// Which scenario.
    pub case: String,
    /// The protocol.
    pub version: &'static str,
    /// The transport.
    pub transport: &'static str,
    /// Of publishing and subscribing.
    pub qos: u8,
    /// Length of the measured part.
    pub seconds: f64,
    /// Messages published in the whole run.
    pub sent: u64,
    /// Messages delivered in the whole run.
    pub delivered: u64,
    /// Published a second, in the measured part.
    pub published_per_second: f64,
    /// Delivered a second, in the measured part.
    pub delivered_per_second: f64,
    /// What the broker used, if it was watched.
    pub broker: Option<BrokerUse>,
    /// Processors this tool kept busy; near 1 it may be the bottleneck.
    pub load_processors: f64,
    /// Microseconds from due to delivered; open loop only.
    pub latency_micros: Option<Percentiles>,
    /// Microseconds from due to sent: this tool's own share of the latency.
    pub lateness_micros: Option<Percentiles>,
    /// What went wrong.
    pub faults: Faults,
}

/// What a broker used in the measured part.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BrokerUse {
    /// Processor time a delivered message, user and system.
    pub micros_per_message: f64,
    /// The user part of it.
    pub user_micros_per_message: f64,
    /// Processors kept busy.
    pub processors: f64,
    /// Resident memory at the end, KiB.
    pub resident_kib: u64,
}

impl TrafficReport {
    /// The figures between the two marks of an outcome.
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

/// Prints a report: one JSON object, or one line a figure.
pub fn print<T: Serialize>(report: &T, json: bool) -> Result<(), LoadError> {
    let value = serde_json::to_value(report)
        .map_err(|error| LoadError::Io { doing: "writing the report", source: error.into() })?;
    let mut text = String::new();
    if json {
        text = value.to_string();
        text.push('\n');
    } else {
        lines("", &value, &mut text);
    }
    io::stdout().write_all(text.as_bytes()).map_err(LoadError::io("writing the report"))
}

/// One line a leaf, its path in front.
fn lines(path: &str, value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                lines(&path, value, out);
            }
        }
        serde_json::Value::Array(parts) => {
            for (index, value) in parts.iter().enumerate() {
                lines(&format!("{path}.{index}"), value, out);
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
