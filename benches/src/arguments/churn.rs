//! Options of the scenario that opens and closes connections.

use clap::Args;

use super::{BrokerArguments, MeasurementArguments};

/// Options of `churn`.
#[derive(Debug, Clone, Args)]
pub struct ChurnArguments {
    /// Options that select the broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Number of connections at a time
    #[arg(long, default_value_t = 8)]
    pub workers: usize,
    /// Open loop: connections per second, as far as the workers keep up. Without this option, the workers connect as
    /// fast as they can
    #[arg(long)]
    pub rate: Option<u64>,
    /// Resume TLS sessions of earlier connections
    #[arg(long)]
    pub resume_tls: bool,
    /// Options of the measurement
    #[command(flatten)]
    pub measurement: MeasurementArguments,
}
