//! How a connection ends: the session is let go first, then the peer hears why, then the link is closed, all in bounded time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::{DecodeError, Disconnect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Violation};
use tidegate_transports::{CloseReason, Link};
use tokio::time::timeout;

use super::{Driver, Signals};
use crate::cores::with_core;

/// Why a connection ends, and what the peer is told.
#[derive(Debug)]
pub(super) struct End {
    cause: Cause,
    /// The reason code of our DISCONNECT; `None` when the peer is gone or has said goodbye.
    farewell: Option<ReasonCode>,
    kind: Kind,
    /// The rule that the peer broke, for the log.
    statement: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gone,
    TakenOver,
    Shutdown,
    Silent,
    Violation,
}

impl End {
    fn new(cause: Cause, farewell: Option<ReasonCode>, kind: Kind) -> Self {
        Self { cause, farewell, kind, statement: "" }
    }

    /// The network connection is closed or broken.
    pub(super) fn closed() -> Self {
        Self::new(Cause::Closed, None, Kind::Gone)
    }

    /// Another connection continues the session `[MQTT5-3.1.4-3]`.
    pub(super) fn taken_over() -> Self {
        Self::new(Cause::Closed, Some(ReasonCode::SessionTakenOver), Kind::TakenOver)
    }

    /// The broker goes down.
    pub(super) fn shutdown() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::ServerShuttingDown), Kind::Shutdown)
    }

    /// There is no room for what the client sends.
    pub(super) fn overloaded() -> Self {
        Self::new(Cause::Shutdown, Some(ReasonCode::QuotaExceeded), Kind::Shutdown)
    }

    /// The keep alive time passed one and a half times in silence `[MQTT5-3.1.2-22]`.
    pub(super) fn silent() -> Self {
        Self::new(Cause::KeepAlive, Some(ReasonCode::KeepAliveTimeout), Kind::Silent)
    }

    /// The client said DISCONNECT.
    pub(super) fn disconnected(cause: Cause) -> Self {
        Self::new(cause, None, Kind::Gone)
    }

    /// The client sent bytes that are no packet.
    pub(super) fn malformed(error: &DecodeError) -> Self {
        Self::broken(error.reason(), error.statement())
    }

    /// The client sent a packet that has no place here: a second CONNECT, or one that only a server sends `[MQTT5-3.1.0-2]`.
    pub(super) fn unexpected() -> Self {
        Self::broken(ReasonCode::ProtocolError, "MQTT5-3.1.0-2")
    }

    fn broken(reason: ReasonCode, statement: &'static str) -> Self {
        Self { cause: Cause::Violation, farewell: Some(reason), kind: Kind::Violation, statement }
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::broken(violation.reason(), violation.statement())
    }
}

impl Driver {
    /// Lets go of the session, then closes the link.
    pub(super) async fn finish(mut self: Box<Self>, end: End) {
        let now = Instant::now();
        let version = self.connection.version();
        let mut rest = Vec::new();
        if let Some(batch) = self.batch.take() {
            batch.copy_to(&mut rest);
        }
        with_core(|core| {
            match end.kind {
                Kind::Violation => core.counters.connections_violated.add(1),
                Kind::Silent => core.counters.connections_silent.add(1),
                Kind::Gone | Kind::Shutdown | Kind::TakenOver => {}
            }
            if end.kind == Kind::TakenOver {
                rest.append(&mut self.signals.take_last_words());
            } else {
                self.broker.detach(core, &self.handle, self.epoch, end.cause, &mut rest, now);
            }
        });
        tracing::debug!(kind = ?end.kind, reason = ?end.farewell, statement = end.statement, "connection ended");
        encode_farewell(end.farewell, version, &mut rest);
        let Self { mut link, signals, place, .. } = *self;
        if end.kind == Kind::Shutdown {
            link.set_close_reason(CloseReason::GoingAway);
        }
        // Who said goodbye, or is gone, waits for nothing.
        let limit = if end.kind == Kind::Gone { PARTING_TIMEOUT } else { CLOSE_TIMEOUT };
        close(link, rest, signals, limit).await;
        drop(place);
    }
}

/// A DISCONNECT exists from servers in 5.0 only.
fn encode_farewell(reason: Option<ReasonCode>, version: ProtocolVersion, into: &mut Vec<u8>) {
    let Some(reason) = reason.filter(|_| version.is_v5()) else { return };
    let len = into.len();
    if Packet::Disconnect(Disconnect::new(reason)).encode(version, into).is_err() {
        into.truncate(len);
    }
}

/// Writes the last bytes and closes in order; gives up on a peer that does not read.
async fn close(mut link: Link, bytes: Vec<u8>, signals: Arc<Signals>, limit: Duration) {
    let orderly = async {
        while signals.is_writing() {
            tokio::task::yield_now().await;
        }
        let bytes = if signals.has_partial_packet() { &[] } else { bytes.as_slice() };
        super::accept_connect::send(&mut link, bytes).await?;
        std::future::poll_fn(|context| link.poll_close(context)).await
    };
    // A peer that is gone or does not read is dropped without ceremony.
    let _ = timeout(limit, orderly).await;
}

/// How long a peer may take to read its last bytes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for a peer that said goodbye or closed its side.
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);
