//! What can be said of the scenarios with promises: durable sessions, and the disk below them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tidegate_benches::durable::Receivers;

use super::{BrokerArguments, MeasurementArguments};

/// Durable sessions.
#[derive(Debug, Clone, Args)]
pub struct DurableArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Who gets the messages. The broker's bounds of a queue must allow for what waits `offline`
    #[arg(long, value_enum, default_value = "online")]
    pub subscriber: ReceiversArgument,
    /// How many publish
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// Topics of each publisher, written to in turn
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub topics: u32,
    /// Durable sessions a topic
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub sessions: u16,
    /// The publishers' sessions outlive their connections too
    #[arg(long)]
    pub durable_publishers: bool,
    /// 1 or 2
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub qos: u8,
    /// Bytes of a payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
    /// Closed loop: messages a publisher may have unacknowledged
    #[arg(long, default_value_t = 100, conflicts_with = "rate")]
    pub window: u64,
    /// Open loop: messages a second in all, whether or not the broker keeps up
    #[arg(long)]
    pub rate: Option<u64>,
    /// The broker's store, the folder with `data.mdb`: its commits are counted
    #[arg(long)]
    pub store: Option<PathBuf>,
    /// When it is measured
    #[command(flatten)]
    pub measurement: MeasurementArguments,
    /// Ends after so many messages a publisher
    #[arg(long)]
    pub messages: Option<u64>,
}

/// Who gets the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReceiversArgument {
    /// Durable sessions with a connection, which acknowledge
    Online,
    /// Durable sessions without one; they come back at the end
    Offline,
    /// Nobody: the messages are retained
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

/// The disk.
#[derive(Debug, Clone, Args)]
pub struct SyncProbeArguments {
    /// A folder on the disk; some 64 MiB and a sparse file are written to it, and removed
    pub folder: PathBuf,
    /// Seconds for each of the four ways of writing
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Pages of 4 KiB before the first sync of a pair
    #[arg(long, default_value_t = 10)]
    pub pages: usize,
    /// Prints one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}
