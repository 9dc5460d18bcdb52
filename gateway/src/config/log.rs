//! What the file says about the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The log on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How a line looks. Default `auto`: `human` on a terminal, `json` elsewhere.
    pub format: LogFormat,
    /// The least severe level that is written. Default `info`. `debug` writes some lines for each connection,
    /// `trace` some for each packet, which costs most of the throughput.
    pub level: Level,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `human` on a terminal, `json` elsewhere.
    #[default]
    Auto,
    /// For reading.
    Human,
    /// One JSON object a line.
    Json,
}

/// How severe a line must be to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What needs the operator.
    Error,
    /// What may need the operator.
    Warn,
    /// Starts, stops, listeners.
    #[default]
    Info,
    /// Each connection.
    Debug,
    /// Each packet.
    Trace,
}
