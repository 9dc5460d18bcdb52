//! Options of the scenarios that write into a store directly, and that check a broker which was started from such a
//! store.

use std::path::PathBuf;

use clap::Args;

use super::BrokerArguments;

/// Options of `fill`.
#[derive(Debug, Clone, Args)]
pub struct FillArguments {
    /// The data folder of a stopped broker. Existing data is kept
    pub data: PathBuf,
    /// Number of persistent sessions, each with one subscription
    #[arg(long, default_value_t = 100_000)]
    pub sessions: u32,
    /// Queued messages per session
    #[arg(long, default_value_t = 10)]
    pub queued: u32,
    /// Number of topics with a retained message
    #[arg(long, default_value_t = 0)]
    pub retained: u32,
    /// Bytes per payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
    /// Print one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Options of `resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of sessions in the store
    #[arg(long, default_value_t = 100_000)]
    pub sessions: u32,
    /// Number of sessions that reconnect
    #[arg(long, default_value_t = 1000)]
    pub sample: u32,
    /// Queued messages per session
    #[arg(long, default_value_t = 10)]
    pub queued: u32,
    /// Bytes per payload
    #[arg(long, default_value_t = 64)]
    pub payload: u32,
}

/// Options of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of topics with a retained message
    #[arg(long, default_value_t = 1_000_000)]
    pub topics: u32,
    /// Bytes per payload
    #[arg(long, default_value_t = 64)]
    pub payload: u32,
    /// QoS of the subscriptions: 0 or 1
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub qos: u8,
    /// Messages per second that the slow subscriber reads
    #[arg(long, default_value_t = 50_000)]
    pub slow_rate: u64,
}
