//! What can be said of the scenarios with fixed streams of messages.

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
    /// Many publishers, and a shared subscription: one of its members gets each message
    Shared(SharedArguments),
    /// One publisher, many subscribers, and one more that reads slowly or not at all
    Slow(SlowArguments),
    /// Latency and processor time of pairs at rates from low to saturation, as JSON and as a drawing
    Curve(CurveArguments),
}

/// A scenario with fixed streams.
#[derive(Debug, Clone, Args)]
pub struct StreamArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// How many pairs, subscribers, or publishers
    #[arg(long, default_value_t = 10)]
    pub count: usize,
    /// 0, 1 or 2
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub qos: u8,
    /// Bytes of a payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
    /// Closed loop: messages a publisher may have under way, at QoS 2 until PUBCOMP
    #[arg(long, default_value_t = 50, conflicts_with = "rate")]
    pub window: u64,
    /// Open loop: messages a second in all, whether or not the broker keeps up
    #[arg(long)]
    pub rate: Option<u64>,
    /// Open loop: microseconds between two rounds of sending; 0 sends each message at its own time
    #[arg(long, default_value_t = 0)]
    pub tick: u64,
    /// When it is measured
    #[command(flatten)]
    pub measurement: MeasurementArguments,
    /// Ends after so many messages a publisher
    #[arg(long)]
    pub messages: Option<u64>,
}

/// A shared subscription.
#[derive(Debug, Clone, Args)]
pub struct SharedArguments {
    /// The streams; `--count` publishers
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Members of the shared subscription
    #[arg(long, default_value_t = 10)]
    pub subscribers: usize,
}

/// A slow subscriber.
#[derive(Debug, Clone, Args)]
pub struct SlowArguments {
    /// The streams; `--count` subscribers that are not slow
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Messages a second that the slow one reads; 0: none until the others are through
    #[arg(long, default_value_t = 0)]
    pub slow_rate: u64,
}

/// A curve.
#[derive(Debug, Clone, Args)]
pub struct CurveArguments {
    /// The streams; `--rate` and `--window` do not count
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Messages a second of the first step
    #[arg(long, default_value_t = 1000)]
    pub from: u64,
    /// Messages a second that no step exceeds
    #[arg(long, default_value_t = 10_000_000)]
    pub to: u64,
    /// Steps for each factor of ten
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub steps: u32,
    /// Writes OUTPUT.json and OUTPUT.svg
    #[arg(long, default_value = "curve")]
    pub output: PathBuf,
}
