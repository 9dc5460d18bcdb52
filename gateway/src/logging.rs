//! Sets up the log on standard error, as text for people or as JSON lines.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use crate::config::{Level, Log, LogFormat};

/// Starts logging for this process. Only the first call has an effect.
pub fn start(log: Log) {
    let filter =
        Targets::new().with_default(library_level(log.level)).with_target("tidegate", own_level(log.level));
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if is_json(log.format) {
        fmt::layer().json().flatten_event(true).with_writer(io::stderr).boxed()
    } else {
        fmt::layer().with_ansi(io::stderr().is_terminal()).with_target(false).with_writer(io::stderr).boxed()
    };
    let started = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    drop(started);
}

fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Human => false,
        LogFormat::Json => true,
    }
}

fn own_level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

/// The level for libraries: warnings and errors, and more only at `trace`.
fn library_level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Trace => LevelFilter::DEBUG,
        _ => LevelFilter::WARN,
    }
}
