//! The command line: commands, options and their defaults.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tidegate_benches::connection::transport::TransportKind;
use tidegate_benches::relay::InjectedFaults;
use tidegate_benches::wire::Version;

mod churn;
mod durable;
mod fill;
mod traffic;

pub use churn::ChurnArguments;
pub use durable::{DurableArguments, SyncProbeArguments};
pub use fill::{FillArguments, ReplayArguments, ResumeArguments};
pub use traffic::{CurveArguments, SharedArguments, SlowArguments, StreamArguments, TrafficCommand};

/// Puts load on an MQTT broker and accounts for every message. Exits with status 1 if a message was lost, duplicated,
/// reordered, changed or misdelivered, and with 2 if the run could not be completed.
#[derive(Debug, Parser)]
#[command(name = "tidegate-bench", version)]
pub struct Arguments {
    /// The scenario to run
    #[command(subcommand)]
    pub command: Command,
}

/// The scenarios.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Traffic(TrafficCommand),
    /// Opens and closes connections repeatedly
    Churn(ChurnArguments),
    /// Idle connections: memory per connection
    Idle(IdleArguments),
    /// Many subscriptions, a third of them with wildcards, then light traffic
    Subscriptions(SubscriptionsArguments),
    /// Retained messages: publish them, send them to new subscribers, remove them
    Retained(RetainedArguments),
    #[command(flatten)]
    Persistence(PersistenceCommand),
    /// Runs a relay that only forwards bytes, so its cost is the minimum for any broker. Options let the relay inject
    /// faults
    Relay(RelayArguments),
}

/// The scenarios about stored data, which outlives connections and the broker process.
#[derive(Debug, Subcommand)]
pub enum PersistenceCommand {
    /// Messages that the broker must store before it acknowledges them: persistent sessions or retained messages
    Durable(DurableArguments),
    /// Measures the disk: small writes and syncs
    SyncProbe(SyncProbeArguments),
    /// Writes sessions, queued messages and retained messages into the store of a stopped broker
    Fill(FillArguments),
    /// Reconnects sessions of a filled store and receives their queued messages
    Resume(ResumeArguments),
    /// Reads the retained messages of a filled store with a fast and a slow subscriber at once
    Replay(ReplayArguments),
}

/// The broker under load, and the parameters of the connections to the broker.
#[derive(Debug, Clone, Args)]
pub struct BrokerArguments {
    /// Address of the broker's listener
    #[arg(long, default_value = "127.0.0.1:1883")]
    pub target: SocketAddr,
    /// Process id of the broker. With this option, the report contains the broker's processor time and memory
    #[arg(long)]
    pub pid: Option<u32>,
    /// MQTT version
    #[arg(long, value_enum, default_value = "5")]
    pub version: VersionArgument,
    /// Transport of the connections, which must be the transport of the listener
    #[arg(long, value_enum, default_value = "tcp")]
    pub transport: TransportArgument,
    /// PEM file with the CA certificate that signed the broker's certificate, which must be for `localhost`
    #[arg(long)]
    pub ca: Option<PathBuf>,
    /// Print one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Start and duration of the measurement.
#[derive(Debug, Clone, Copy, Args)]
pub struct MeasurementArguments {
    /// Seconds of traffic before the measurement
    #[arg(long, default_value_t = 1.0)]
    pub warmup: f64,
    /// Seconds of the measurement
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
}

/// Options of `idle`.
#[derive(Debug, Clone, Args)]
pub struct IdleArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of connections
    #[arg(long, default_value_t = 1000)]
    pub connections: u32,
    /// Seconds between the last CONNACK and the reading of the broker's memory
    #[arg(long, default_value_t = 1.0)]
    pub settle: f64,
    /// Seconds that the connections stay open after the reading of the broker's memory
    #[arg(long, default_value_t = 1.0)]
    pub hold: f64,
}

/// The transport of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TransportArgument {
    /// Plain TCP
    Tcp,
    /// TLS
    Tls,
    /// WebSocket
    Ws,
    /// WebSocket over TLS
    Wss,
    /// QUIC
    Quic,
}

impl TransportArgument {
    /// Returns the transport that the option selects.
    pub const fn kind(self) -> TransportKind {
        match self {
            Self::Tcp => TransportKind::Tcp,
            Self::Tls => TransportKind::Tls,
            Self::Ws => TransportKind::WebSocket,
            Self::Wss => TransportKind::SecureWebSocket,
            Self::Quic => TransportKind::Quic,
        }
    }

    /// Returns the name of the transport in reports, and its URL scheme.
    pub const fn name_and_scheme(self) -> (&'static str, &'static str) {
        match self {
            Self::Tcp => ("tcp", "mqtt"),
            Self::Tls => ("tls", "mqtts"),
            Self::Ws => ("ws", "ws"),
            Self::Wss => ("wss", "wss"),
            Self::Quic => ("quic", "quic"),
        }
    }
}

/// Options of `subscriptions`.
#[derive(Debug, Clone, Args)]
pub struct SubscriptionsArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of subscriptions in total
    #[arg(long, default_value_t = 100_000)]
    pub subscriptions: usize,
    /// Number of connections over which the subscriptions are spread
    #[arg(long, default_value_t = 100)]
    pub clients: usize,
    /// Messages published per second; each is delivered to two subscribers
    #[arg(long, default_value_t = 2000)]
    pub rate: u64,
    /// Microseconds between two bursts; 0 sends each message at its own time
    #[arg(long, default_value_t = 0)]
    pub tick: u64,
    /// Options of the measurement
    #[command(flatten)]
    pub measurement: MeasurementArguments,
}

/// Options of `retained`.
#[derive(Debug, Clone, Args)]
pub struct RetainedArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of topics
    #[arg(long, default_value_t = 10_000)]
    pub topics: usize,
    /// Number of times that each topic is published to, and number of subscribers that then receive all messages
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub rounds: u64,
    /// QoS of the subscriptions: 0 or 1
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub qos: u8,
    /// Bytes per payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
}

/// Options of `relay`.
#[derive(Debug, Clone, Args)]
pub struct RelayArguments {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:1883")]
    pub listen: SocketAddr,
    /// PEM file with a certificate chain; listens with TLS, or with --quic over QUIC, instead of plain TCP
    #[arg(long, requires = "key")]
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key of the certificate
    #[arg(long, requires = "certificate")]
    pub key: Option<PathBuf>,
    /// Listen with QUIC
    #[arg(long, requires = "certificate")]
    pub quic: bool,
    /// The faults to inject
    #[command(flatten)]
    pub injected_faults: InjectedFaults,
}

/// The MQTT version.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum VersionArgument {
    /// MQTT 3.1.1
    #[value(name = "3.1.1")]
    V3_1_1,
    /// MQTT 5.0
    #[value(name = "5")]
    V5,
}

impl From<VersionArgument> for Version {
    fn from(argument: VersionArgument) -> Self {
        match argument {
            VersionArgument::V3_1_1 => Self::V3_1_1,
            VersionArgument::V5 => Self::V5,
        }
    }
}
