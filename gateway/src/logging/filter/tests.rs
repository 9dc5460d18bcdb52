#![allow(clippy::panic)]

use std::sync::Arc;
use std::time::Instant;

use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

use super::LimitedFilter;
use crate::config::Level;
use crate::logging::limiter::{LINES_MAX, WINDOW};
use crate::logging::queue::QueuedLines;
use crate::logging::{PEER, Pipeline, targets};

#[test]
fn lines_caused_by_peers_are_limited_by_kind_and_counted() {
    let pipeline = Arc::<Pipeline>::default();
    let lines = logged(&pipeline, || {
        for port in 0..500 {
            tracing::warn!(target: PEER, port, "handshake failed");
            tracing::warn!(target: "hyper::proto", port, "a warning of a library");
        }
        tracing::info!(target: PEER, "another kind");
    });
    let limit = usize::try_from(LINES_MAX).unwrap_or_default();
    assert_eq!(lines.iter().filter(|line| line.contains("handshake failed")).count(), limit, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("of a library")).count(), limit, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("another kind")).count(), 1, "{lines:#?}");
    assert_eq!(pipeline.peer_lines.suppressed(), 2 * (500 - u64::from(LINES_MAX)));
    let report = pipeline.peer_lines.take_report(Instant::now() + WINDOW);
    assert_eq!(report.len(), 2);
    assert!(report.iter().any(|kind| kind.example == "handshake failed"), "{report:?}");
}

#[test]
fn lines_of_the_broker_itself_are_not_limited() {
    let pipeline = Arc::<Pipeline>::default();
    let lines = logged(&pipeline, || (0..500).for_each(|value| tracing::info!(value, "counted")));
    assert_eq!(lines.len(), 500);
    assert_eq!(pipeline.peer_lines.suppressed(), 0);
}

/// `mosquitto_pub -h 127.0.0.1` sends such a server name. The text of the warning is from rustls 0.23;
/// `interop/tests/log.rs` tests this with rustls itself.
#[test]
fn an_ip_address_as_server_name_is_not_logged() {
    let pipeline = Arc::<Pipeline>::default();
    let lines = logged(&pipeline, || {
        tracing::warn!(
            target: "rustls::msgs::handshake",
            "Illegal SNI extension: ignoring IP address presented as hostname (\"127.0.0.1\")"
        );
        tracing::warn!(target: "rustls::msgs::handshake", "Illegal SNI hostname received \"_x\"");
    });
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines.iter().all(|line| line.contains("Illegal SNI hostname")), "{lines:#?}");
    assert_eq!(pipeline.peer_lines.suppressed(), 0, "nothing is missing from the log");
}

/// Runs `log` and returns the lines that reach the queue.
fn logged(pipeline: &Arc<Pipeline>, log: impl FnOnce()) -> Vec<String> {
    let filter = LimitedFilter::new(targets(Level::Info), Arc::clone(pipeline));
    let lines = fmt::layer().json().with_writer(QueuedLines::new(Arc::clone(pipeline)));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines).with(filter), log);
    let mut batch = Vec::new();
    let _ = pipeline.queue.take(&mut batch, Some(Instant::now()));
    String::from_utf8_lossy(&batch).lines().map(str::to_owned).collect()
}
