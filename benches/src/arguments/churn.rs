//! What can be said of connections that come and go.

use clap::Args;

use super::{BrokerArguments, MeasurementArguments};

/// Connections that come and go.
#[derive(Debug, Clone, Args)]
pub struct ChurnArguments {
    /// Which broker
    #[command(flatten)]
    pub broker: BrokerArguments,
    /// Connections at a time
    #[arg(long, default_value_t = 8)]
    pub workers: usize,
    /// Open loop: connections a second, as far as the workers keep up. Left out: as fast as they go
    #[arg(long)]
    pub rate: Option<u64>,
    /// Takes up TLS sessions of earlier connections
    #[arg(long)]
    pub resume: bool,
    /// When it is measured
    #[command(flatten)]
    pub measurement: MeasurementArguments,
}
