//! What can be said of a store that is filled directly, and of what a broker made of it.

use std::path::PathBuf;

use clap::Args;

use super::BrokerArguments;

/// What is put into a store.
#[derive(Debug, Clone, Args)]
pub struct FillArguments {
    /// The broker's data folder; the broker must not run. What is there stays
    pub data: PathBuf,
    /// Durable sessions, each with a subscription
    #[arg(long, default_value_t = 100_000)]
    pub sessions: u32,
    /// Messages that wait for each session
    #[arg(long, default_value_t = 10)]
    pub queued: u32,
    /// Topics with a retained message
    #[arg(long, default_value_t = 0)]
    pub retained: u32,
    /// Bytes of a payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
    /// Prints one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Sessions of a filled store that come back.
#[derive(Debug, Clone, Args)]
pub struct ResumeArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Sessions in the store
    #[arg(long, default_value_t = 100_000)]
    pub sessions: u32,
    /// How many of them come back
    #[arg(long, default_value_t = 1000)]
    pub sample: u32,
    /// Messages that wait for each
    #[arg(long, default_value_t = 10)]
    pub queued: u32,
    /// Bytes of a payload
    #[arg(long, default_value_t = 64)]
    pub payload: u32,
}

/// Retained messages of a filled store.
#[derive(Debug, Clone, Args)]
pub struct ReplayArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Topics with a retained message
    #[arg(long, default_value_t = 1_000_000)]
    pub topics: u32,
    /// Bytes of a payload
    #[arg(long, default_value_t = 64)]
    pub payload: u32,
    /// Of the subscriptions: 0 or 1
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub qos: u8,
    /// Messages a second that the slow reader takes
    #[arg(long, default_value_t = 50_000)]
    pub slow_rate: u64,
}
