//! Settings of the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The log on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Format of log lines. Default `auto`.
    pub format: LogFormat,
    /// Least severe level to log. Default `info`. `debug` logs two lines per connection; `trace` logs several lines
    /// per packet, which costs most of the throughput.
    pub level: Level,
}

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `human` on a terminal, `json` otherwise.
    #[default]
    Auto,
    /// Text for people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Errors that the operator must fix.
    Error,
    /// Problems that the operator may want to fix.
    Warn,
    /// Start, listeners and shutdown; refused connections, connections that ended because the client broke a rule, and
    /// clients whose messages are dropped, all within a limit.
    #[default]
    Info,
    /// The begin and the end of each connection.
    Debug,
    /// Details of each packet.
    Trace,
}
