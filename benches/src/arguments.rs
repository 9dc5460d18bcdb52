//! What can be said on the command line.

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

/// Drives an MQTT broker and accounts for every message. Exits 1 when a message was lost, duplicated, reordered,
/// changed or misdelivered.
#[derive(Debug, Parser)]
#[command(name = "tidegate-bench", version)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The scenarios.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Traffic(TrafficCommand),
    /// Connections that come and go
    Churn(ChurnArguments),
    /// Connections that do nothing: memory of each
    Idle(IdleArguments),
    /// Many subscriptions, a third with wildcards, then light traffic
    Subscriptions(SubscriptionsArguments),
    /// Retained messages: write, replay, remove
    Retained(RetainedArguments),
    #[command(flatten)]
    Persistence(PersistenceCommand),
    /// A relay that does the least a broker could do: the floor of all figures, and a liar on demand
    Relay(RelayArguments),
}

/// The scenarios about what outlives connections and brokers.
#[derive(Debug, Subcommand)]
pub enum PersistenceCommand {
    /// Durable sessions or retained messages: what must be kept before it is acknowledged
    Durable(DurableArguments),
    /// What the disk can do: small writes and syncs
    SyncProbe(SyncProbeArguments),
    /// Puts sessions, messages and retained messages into the store of a broker that does not run
    Fill(FillArguments),
    /// Sessions of a filled store come back and take what waits for them
    Resume(ResumeArguments),
    /// The retained messages of a filled store, to a fast and a slow subscriber at once
    Replay(ReplayArguments),
}

/// Which broker, and how.
#[derive(Debug, Clone, Args)]
pub struct BrokerArguments {
    /// The broker's listener
    #[arg(long, default_value = "127.0.0.1:1883")]
    pub target: SocketAddr,
    /// The broker's process id: its processor time and memory are reported
    #[arg(long)]
    pub pid: Option<u32>,
    /// The protocol
    #[arg(long, value_enum, default_value = "5")]
    pub version: VersionArgument,
    /// What the connections run over; the listener must be of that transport
    #[arg(long, value_enum, default_value = "tcp")]
    pub transport: TransportArgument,
    /// PEM file of the authority that signed the broker's certificate; it must be for `localhost`
    #[arg(long)]
    pub ca: Option<PathBuf>,
    /// Prints one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

/// When the figures are taken.
#[derive(Debug, Clone, Copy, Args)]
pub struct MeasurementArguments {
    /// Seconds before measuring begins
    #[arg(long, default_value_t = 1.0)]
    pub warmup: f64,
    /// Seconds measured
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
}

/// Idle connections.
#[derive(Debug, Clone, Args)]
pub struct IdleArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// How many
    #[arg(long, default_value_t = 1000)]
    pub connections: u32,
    /// Seconds between the last CONNACK and the reading of the memory
    #[arg(long, default_value_t = 1.0)]
    pub settle: f64,
    /// Seconds they are held after that
    #[arg(long, default_value_t = 1.0)]
    pub hold: f64,
}

/// What connections run over.
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
    /// The transport meant.
    pub const fn kind(self) -> TransportKind {
        match self {
            Self::Tcp => TransportKind::Tcp,
            Self::Tls => TransportKind::Tls,
            Self::Ws => TransportKind::WebSocket,
            Self::Wss => TransportKind::SecureWebSocket,
            Self::Quic => TransportKind::Quic,
        }
    }

    /// Its name, and its URL scheme.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Tcp => ("tcp", "mqtt"),
            Self::Tls => ("tls", "mqtts"),
            Self::Ws => ("ws", "ws"),
            Self::Wss => ("wss", "wss"),
            Self::Quic => ("quic", "quic"),
        }
    }
}

/// Many subscriptions.
#[derive(Debug, Clone, Args)]
pub struct SubscriptionsArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// How many in all
    #[arg(long, default_value_t = 100_000)]
    pub subscriptions: usize,
    /// Connections that share them
    #[arg(long, default_value_t = 100)]
    pub clients: usize,
    /// Messages published a second, each for two subscribers
    #[arg(long, default_value_t = 2000)]
    pub rate: u64,
    /// Microseconds between two rounds of sending; 0 sends each message at its own time
    #[arg(long, default_value_t = 0)]
    pub tick: u64,
    /// When it is measured
    #[command(flatten)]
    pub measurement: MeasurementArguments,
}

/// Retained messages.
#[derive(Debug, Clone, Args)]
pub struct RetainedArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// How many topics
    #[arg(long, default_value_t = 10_000)]
    pub topics: usize,
    /// How often each is written, and how many subscribers get them all
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub rounds: u64,
    /// Of the replay's subscriptions: 0 or 1
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub qos: u8,
    /// Bytes of a payload, at least 32
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=100_000))]
    pub payload: u32,
}

/// The relay.
#[derive(Debug, Clone, Args)]
pub struct RelayArguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:1883")]
    pub listen: SocketAddr,
    /// PEM file with a certificate chain: TLS, or with --quic QUIC, instead of TCP
    #[arg(long, requires = "key")]
    pub certificate: Option<PathBuf>,
    /// PEM file with its key
    #[arg(long, requires = "certificate")]
    pub key: Option<PathBuf>,
    /// Relays streams of QUIC
    #[arg(long, requires = "certificate")]
    pub quic: bool,
    /// What to do wrong
    #[command(flatten)]
    pub injected_faults: InjectedFaults,
}

/// The protocol.
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
