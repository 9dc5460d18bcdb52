//! Options of the scenarios with persistent sessions and of the disk measurement.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tidegate_benches::durable::Receivers;

use super::{BrokerArguments, MeasurementArguments};

/// Options of `durable`.
#[derive(Debug, Clone, Args)]
pub struct DurableArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Who receives the messages. With `offline`, the broker's queue limits must be large enough for all messages of a
    /// session
    #[arg(long, value_enum, default_value = "online")]
    pub subscriber: ReceiversArgument,
    /// Number of publishers
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// Topics per publisher, published to in turn
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub topics: u32,
    /// Persistent sessions per topic
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub sessions: u16,
    /// Make the publishers' sessions durable too
    #[arg(long)]
    pub durable_publishers: bool,
    /// QoS of publishing and subscribing: 1 or 2
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub qos: u8,
    /// Bytes per payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
    /// Closed loop: maximum number of unacknowledged messages per publisher
    #[arg(long, default_value_t = 100, conflicts_with = "rate")]
    pub window: u64,
    /// Open loop: messages per second in total, whether or not the broker keeps up
    #[arg(long)]
    pub rate: Option<u64>,
    /// Folder of the broker's store, which contains `data.mdb`. With this option, the report contains the number of
    /// commits
    #[arg(long)]
    pub store: Option<PathBuf>,
    /// Options of the measurement
    #[command(flatten)]
    pub measurement: MeasurementArguments,
    /// Stop after this many messages per publisher
    #[arg(long)]
    pub messages: Option<u64>,
}

/// Who receives the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReceiversArgument {
    /// Persistent sessions that are connected and acknowledge
    Online,
    /// Persistent sessions that are not connected; they reconnect at the end
    Offline,
    /// No session: the messages are retained
    Retained,
}

impl From<ReceiversArgument> for Receivers {
    fn from(argument: ReceiversArgument) -> Self {
        match argument {
            ReceiversArgument::Online => Self::Online,
            ReceiversArgument::Offline => Self::Offline,
            ReceiversArgument::Retained => Self::Retained,
        }
    }
}

/// Options of `sync-probe`.
#[derive(Debug, Clone, Args)]
pub struct SyncProbeArguments {
    /// A folder on the disk; the probe writes about 64 MiB and a sparse file into it, and removes them
    pub folder: PathBuf,
    /// Seconds for which each of the four ways of writing is measured
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Pages of 4 KiB before the first sync of a commit
    #[arg(long, default_value_t = 10)]
    pub pages: usize,
    /// Print one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}
