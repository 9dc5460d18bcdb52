//! Options of the scenarios with fixed streams of messages.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{BrokerArguments, MeasurementArguments};

/// The scenarios with fixed streams.
#[derive(Debug, Subcommand)]
pub enum TrafficCommand {
    /// Publisher-subscriber pairs, each with its own topic
    Pairs(StreamArguments),
    /// One publisher, many subscribers
    FanOut(StreamArguments),
    /// Many publishers, one subscriber with a wildcard
    FanIn(StreamArguments),
    /// Many publishers and one shared subscription: each message goes to one of its members
    Shared(SharedArguments),
    /// One publisher and many subscribers, plus one that reads slowly or not at all
    Slow(SlowArguments),
    /// Latency and processor time of pairs at rates from low to saturation, as JSON and as an SVG drawing
    Curve(CurveArguments),
}

/// Options of all scenarios with fixed streams.
#[derive(Debug, Clone, Args)]
pub struct StreamArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of pairs, subscribers or publishers
    #[arg(long, default_value_t = 10)]
    pub count: usize,
    /// QoS of publishing and subscribing: 0, 1 or 2
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub qos: u8,
    /// Bytes per payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
    /// Closed loop: maximum number of undelivered messages per publisher. At QoS 2, a message counts as undelivered
    /// until PUBCOMP
    #[arg(long, default_value_t = 50, conflicts_with = "rate")]
    pub window: u64,
    /// Open loop: messages per second in total, whether or not the broker keeps up
    #[arg(long)]
    pub rate: Option<u64>,
    /// Open loop: microseconds between two bursts; 0 sends each message at its own time
    #[arg(long, default_value_t = 0)]
    pub tick: u64,
    /// Options of the measurement
    #[command(flatten)]
    pub measurement: MeasurementArguments,
    /// Stop after this many messages per publisher
    #[arg(long)]
    pub messages: Option<u64>,
}

/// Options of `shared`.
#[derive(Debug, Clone, Args)]
pub struct SharedArguments {
    /// Options of the streams; `--count` is the number of publishers
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Number of members of the shared subscription
    #[arg(long, default_value_t = 10)]
    pub subscribers: usize,
}

/// Options of `slow`.
#[derive(Debug, Clone, Args)]
pub struct SlowArguments {
    /// Options of the streams; `--count` is the number of subscribers that are not slow
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Messages per second that the slow subscriber reads; 0: none until the others have finished
    #[arg(long, default_value_t = 0)]
    pub slow_rate: u64,
}

/// Options of `curve`.
#[derive(Debug, Clone, Args)]
pub struct CurveArguments {
    /// Options of the streams; `--rate` and `--window` are ignored
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Messages per second of the first step
    #[arg(long, default_value_t = 1000)]
    pub from: u64,
    /// Highest number of messages per second
    #[arg(long, default_value_t = 10_000_000)]
    pub to: u64,
    /// Steps per factor of ten
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub steps: u32,
    /// Write the figures to OUTPUT.json and OUTPUT.svg
    #[arg(long, default_value = "curve")]
    pub output: PathBuf,
}
