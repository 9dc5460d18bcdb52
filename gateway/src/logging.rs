//! Sets up the log on standard error, as text for people or as JSON lines. The broker never waits for the reader of the
//! log: lines pass through a bounded queue, and the number of lines that peers cause is limited for each kind.

mod filter;
mod limiter;
mod queue;
mod reports;
mod writer;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use crate::config::{Level, Log, LogFormat};
use filter::{LimitedFilter, PeerLines};
use queue::{LineQueue, QueuedLines};
use writer::Writer;

/// The target of log lines that a remote peer can cause, and that are therefore limited by kind. Lines at level `debug`
/// about the start and end of connections do not have this target, because an operator who selects that level wants all
/// of them.
pub const PEER: &str = tidegate_limits::PEER_LOG_TARGET;

/// The queue that the log lines of the broker pass through, and the limit on lines that peers cause.
#[derive(Debug, Default)]
struct Pipeline {
    queue: LineQueue,
    peer_lines: PeerLines,
}

impl Pipeline {
    fn flush(&self) {
        // Lines that are not written in time are lost when the process ends.
        let _ = self.queue.wait_until_empty(FLUSH_TIMEOUT);
    }
}

/// A guard that, when dropped, waits until the queued lines are written, like [`flush`]. The guard must exist until the
/// last line is logged.
#[derive(Debug)]
#[must_use]
pub struct FlushGuard(Arc<Pipeline>);

impl Drop for FlushGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Starts logging for the broker. Logging never blocks: a thread writes the lines to standard error. Only the first
/// call in a process has an effect.
///
/// # Errors
/// If the thread cannot be created.
pub fn start(log: Log) -> io::Result<FlushGuard> {
    let pipeline = Arc::clone(LOG_PIPELINE.get_or_init(Arc::default));
    // The writer uses a separate handle to standard error, because it would otherwise hold the lock of `io::stderr`
    // while it is blocked.
    let output = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let mut writer = Writer::new(Arc::clone(&pipeline), output);
    thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
    let filter = LimitedFilter::new(targets(log.level), Arc::clone(&pipeline));
    install(log.format, QueuedLines::new(Arc::clone(&pipeline)), filter);
    panic::set_hook(Box::new(log_panic));
    Ok(FlushGuard(pipeline))
}

/// Starts logging for a command that is not a server: each line is written before the command continues.
pub fn start_unbuffered(log: Log) {
    install(log.format, io::stderr, targets(log.level));
}

/// Waits until all lines are written, but at most one second, because standard error may be a pipe that nobody reads.
pub fn flush() {
    if let Some(pipeline) = LOG_PIPELINE.get() {
        pipeline.flush();
    }
}

/// Returns the counters of the log, by name.
#[must_use]
pub fn counters() -> [(&'static str, u64); 2] {
    let pipeline = LOG_PIPELINE.get();
    [
        ("log_lines_dropped", pipeline.map_or(0, |pipeline| pipeline.queue.dropped())),
        ("log_lines_suppressed", pipeline.map_or(0, |pipeline| pipeline.peer_lines.suppressed())),
    ]
}

fn install<W, F>(format: LogFormat, writer: W, filter: F)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    F: Layer<Lines> + Send + Sync + 'static,
{
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if is_json(format) {
        fmt::layer().json().flatten_event(true).with_writer(writer).boxed()
    } else {
        fmt::layer().with_ansi(io::stderr().is_terminal()).with_target(false).with_writer(writer).boxed()
    };
    let started = tracing_subscriber::registry().with(lines).with(filter).try_init();
    drop(started);
}

/// Logs a panic like any other event. The standard library would write the panic to standard error, and wait for the
/// process that reads standard error.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let thread = thread.name().unwrap_or_default();
    tracing::error!(thread, %panic, "a thread panicked: please report this defect");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(thread, %backtrace, "the backtrace of the panic");
    }
}

fn targets(level: Level) -> Targets {
    Targets::new().with_default(library_level(level)).with_target("tidegate", own_level(level))
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

/// Returns the level for lines of libraries: errors; also warnings if the broker logs more than errors; and details
/// only if the broker logs at `trace`.
fn library_level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Trace => LevelFilter::DEBUG,
        _ => LevelFilter::WARN,
    }
}

/// The subscriber that formats the lines, to which the filter is added.
type Lines = Layered<Box<dyn Layer<Registry> + Send + Sync>, Registry>;

/// The pipeline of this process. There is only one, like the global subscriber of `tracing`.
static LOG_PIPELINE: OnceLock<Arc<Pipeline>> = OnceLock::new();

/// Maximum time for which the process waits at its end until the queued lines are written to standard error. If nobody
/// reads standard error, the process must end nevertheless.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
