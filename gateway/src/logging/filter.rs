//! Decides which events are logged: by target and level, and for lines that peers cause, by their number.

use std::fmt::{Debug, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};

use super::limiter::{Kind, Limiter, Suppressed};
use super::{PEER, Pipeline};

/// The limit on lines that peers cause.
#[derive(Debug, Default)]
pub(super) struct PeerLines {
    limiter: Mutex<Limiter>,
    suppressed: AtomicU64,
}

impl PeerLines {
    fn admit(&self, event: &Event<'_>, now: Instant) -> bool {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        if !can_peers_cause(metadata) {
            return true;
        }
        if is_ip_address_as_server_name(metadata, event) {
            return false;
        }
        let describe = || Suppressed { level: *metadata.level(), lines: 0, example: message(event) };
        let is_admitted = self.limiter.lock().admit(Kind::from_metadata(metadata), now, describe);
        if !is_admitted {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
        }
        is_admitted
    }

    /// Returns the number of lines suppressed so far.
    pub(super) fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Relaxed)
    }

    /// Returns the suppressed lines of the windows that have ended, and discards these windows.
    pub(super) fn take_report(&self, now: Instant) -> Vec<Suppressed> {
        self.limiter.lock().take_report(now)
    }

    /// Returns the time at which the next window ends, after which suppressed lines may have to be reported.
    pub(super) fn next_report(&self) -> Option<Instant> {
        self.limiter.lock().next_report()
    }
}

/// Whether a peer can cause a line. Lines of this broker that a peer can cause have the target [`PEER`]. Warnings and
/// errors of libraries are not marked, so all of them count as caused by peers.
fn can_peers_cause(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target == PEER || (*metadata.level() <= Level::WARN && !target.starts_with("tidegate"))
}

/// Whether a line is the warning of rustls about an IP address as server name. Clients that connect to an IP address
/// (`mosquitto_pub -h 127.0.0.1`) often send it as server name, which TLS does not allow. rustls correctly ignores the
/// name and continues, so the warning is useless.
fn is_ip_address_as_server_name(metadata: &Metadata<'_>, event: &Event<'_>) -> bool {
    metadata.target().starts_with("rustls")
        && message(event).starts_with("Illegal SNI extension: ignoring IP address")
}

/// Returns the message of an event, cut to [`EXAMPLE_LEN_MAX`] characters.
fn message(event: &Event<'_>) -> String {
    let mut message = MessageVisitor(String::new());
    event.record(&mut message);
    message.0.chars().take(EXAMPLE_LEN_MAX).collect()
}

struct MessageVisitor(String);

impl Visit for MessageVisitor {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a string never fails.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

/// A filter by target and level that also applies the limit on lines that peers cause.
pub(super) struct LimitedFilter {
    targets: Targets,
    pipeline: Arc<Pipeline>,
}

impl LimitedFilter {
    pub(super) fn new(targets: Targets, pipeline: Arc<Pipeline>) -> Self {
        Self { targets, pipeline }
    }
}

/// A layer that filters for all layers. If `LimitedFilter` were the filter of a single layer (`Layer::with_filter`),
/// `tracing_subscriber` would lose the event after a disabled line of the `log` facade (tokio-rs/tracing#2519).
impl<S: Subscriber> Layer<S> for LimitedFilter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        Layer::<S>::register_callsite(&self.targets, metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        Layer::<S>::enabled(&self.targets, metadata, context)
    }

    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        self.pipeline.peer_lines.admit(event, Instant::now())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&self.targets)
    }
}

/// Maximum number of characters of a message that a report quotes. It shows the kind of message in one line of a
/// terminal.
const EXAMPLE_LEN_MAX: usize = 120;

#[cfg(test)]
mod tests;
