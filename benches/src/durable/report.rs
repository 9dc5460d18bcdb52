//! The figures of a run with persistent sessions, and samples of the store: the writer's processor time, commits, bytes
//! written.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::{Receivers, Scenario};
use crate::commits::CommitCounter;
use crate::connection::Target;
use crate::error::LoadError;
use crate::faults::Faults;
use crate::latencies::Percentiles;
use crate::number::{float, ratio};
use crate::process::MonitoredProcess;
use crate::report::BrokerUse;
use crate::traffic::Outcome;

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `durable`.
    pub case: &'static str,
    /// The MQTT version.
    pub version: &'static str,
    /// QoS of publishing and subscribing.
    pub qos: u8,
    /// `online`, `offline` or `retained`.
    pub receivers: &'static str,
    /// Number of publishing connections.
    pub publishers: usize,
    /// Bytes per payload.
    pub payload_len: usize,
    /// Length of the measurement in seconds.
    pub seconds: f64,
    /// Number of messages published in the whole run.
    pub sent: u64,
    /// Number of messages delivered in the whole run.
    pub delivered: u64,
    /// Messages acknowledged per second, in the measurement.
    pub acknowledged_per_second: f64,
    /// Messages delivered per second, in the measurement.
    pub delivered_per_second: f64,
    /// Microseconds from the time at which a message should have been sent until its last acknowledgement (PUBACK or
    /// PUBCOMP).
    pub acknowledgement_micros: Option<Percentiles>,
    /// The broker's resource use per acknowledged message. `None` if the broker's process id is not known.
    pub broker: Option<BrokerUse>,
    /// Microseconds of processor time of the store's writer thread per acknowledged message. `None` if the broker has
    /// no such thread.
    pub writer_micros_per_message: Option<f64>,
    /// Number of commits of the store per second. `None` if the store's folder is not known.
    pub commits_per_second: Option<f64>,
    /// Number of messages acknowledged per commit.
    pub messages_per_commit: Option<f64>,
    /// Number of bytes written to the disk per commit. `None` if the broker's process id is not known.
    pub written_per_commit: Option<f64>,
    /// Mean number of processors that the load generator kept busy. If this number is near 1, the load generator may be
    /// the bottleneck.
    pub load_processors: f64,
    /// The stored messages that were received at the end.
    pub collected: Option<Collected>,
    /// The faults that were found.
    pub faults: Faults,
}

/// Stored messages that were received at the end.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Collected {
    /// Number of messages.
    pub messages: u64,
    /// Messages per second.
    pub per_second: f64,
}

/// Samples of the store, taken at the start and at the end of the measurement.
#[derive(Debug)]
pub(super) struct BrokerSamples {
    broker: Option<MonitoredProcess>,
    commits: Option<CommitCounter>,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    writer_time: Option<Duration>,
    commits: Option<u64>,
    written_bytes: Option<u64>,
}

impl BrokerSamples {
    pub(super) fn new(broker: Option<MonitoredProcess>, store: Option<&Path>) -> Result<Self, LoadError> {
        Ok(Self { broker, commits: store.map(CommitCounter::open).transpose()?, samples: Vec::new() })
    }

    pub(super) fn take(&mut self) -> Result<(), LoadError> {
        let writer_time =
            self.broker.map(|broker| broker.thread_time(WRITER_THREAD_NAME)).transpose()?.flatten();
        let commits = self.commits.as_ref().map(CommitCounter::count).transpose()?;
        // Without a writer thread the process has no store, so its writes are not counted.
        let written_bytes = writer_time.and(self.broker).map(MonitoredProcess::written_bytes).transpose()?;
        self.samples.push(Sample { writer_time, commits, written_bytes });
        Ok(())
    }

    fn writer_time(&self) -> Option<Duration> {
        let [from, to] = self.samples.as_slice() else { return None };
        Some(to.writer_time?.saturating_sub(from.writer_time?))
    }

    fn commits(&self) -> Option<u64> {
        let [from, to] = self.samples.as_slice() else { return None };
        Some(to.commits?.saturating_sub(from.commits?))
    }

    fn written_bytes(&self) -> Option<u64> {
        let [from, to] = self.samples.as_slice() else { return None };
        Some(to.written_bytes?.saturating_sub(from.written_bytes?))
    }
}

impl Report {
    pub(super) fn new(
        target: &Target,
        scenario: &Scenario,
        outcome: &Outcome,
        broker_samples: &BrokerSamples,
    ) -> Self {
        let (from, to) = (&outcome.from, &outcome.to);
        let seconds = to.since(from).as_secs_f64();
        let acknowledged = float(to.acknowledged.saturating_sub(from.acknowledged));
        let delivered = float(to.delivered - from.delivered);
        let micros = |used: Duration| ratio(used.as_secs_f64() * 1e6, acknowledged);
        let broker = to.broker_since(from).zip(to.resident_kib).map(|(used, resident_kib)| BrokerUse {
            micros_per_message: micros(used.total()),
            user_micros_per_message: micros(used.user),
            processors: ratio(used.total().as_secs_f64(), seconds),
            resident_kib,
        });
        let commits = broker_samples.commits().map(float);
        Self {
            case: "durable",
            version: target.version.name(),
            qos: scenario.qos,
            receivers: scenario.receivers.name(),
            publishers: scenario.publishers,
            payload_len: scenario.payload_len,
            seconds,
            sent: outcome.sent,
            delivered: outcome.delivered,
            acknowledged_per_second: ratio(acknowledged, seconds),
            delivered_per_second: ratio(delivered, seconds),
            acknowledgement_micros: outcome.acknowledgement.percentiles(),
            broker,
            writer_micros_per_message: broker_samples.writer_time().map(micros),
            commits_per_second: commits.map(|commits| ratio(commits, seconds)),
            messages_per_commit: commits.map(|commits| ratio(acknowledged, commits)),
            written_per_commit: broker_samples
                .written_bytes()
                .map(float)
                .zip(commits)
                .map(|(bytes, commits)| ratio(bytes, commits)),
            load_processors: ratio(to.own.since(&from.own).total().as_secs_f64(), seconds),
            collected: None,
            faults: outcome.faults,
        }
    }
}

impl Receivers {
    /// Returns the name of the receivers in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Retained => "retained",
        }
    }
}

/// The name of the store's writer thread.
const WRITER_THREAD_NAME: &str = "store";
