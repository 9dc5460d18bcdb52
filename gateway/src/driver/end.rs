//! Ends a connection: detaches it from its session, sends the last bytes with our DISCONNECT, and closes the link, all
//! within a time limit.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::{End, EndKind, EndedBy, Signals};
use tidegate_transports::{CloseReason, Link};
use tokio::time::timeout;

use super::Driver;
use crate::clock;
use crate::cores::with_core;
use crate::story::ClientStory;

impl Driver {
    /// Detaches the connection from its session, then closes the link.
    pub(super) async fn finish(self, end: End) {
        let Self { mut client, control, token, .. } = self;
        let (mut link, batch) = control.into_parts();
        let signals = Arc::clone(client.signals());
        let close_timeout = client.limits().close_timeout;
        // The session stays with this connection until its publish is complete.
        while !with_core(|core| {
            core.run_turn(clock::now(), |turn, _| client.continue_unfinished_publish(turn))
        }) {
            tokio::task::yield_now().await;
        }
        let mut rest = Vec::new();
        if batch.is_some_and(|batch| batch.try_copy_to(&mut rest).is_err()) {
            signals.forbid_writing();
        }
        let client_story = ClientStory::of(&client);
        let summary =
            with_core(|core| core.run_turn(clock::now(), |turn, _| client.end(turn, &end, &mut rest)));
        client_story.log_end(&end, &summary);
        if end.kind() == EndKind::Shutdown {
            link.set_close_reason(CloseReason::GoingAway);
        }
        // A peer that closed the connection or sent DISCONNECT expects no more packets, so the time limit is shorter.
        let is_ended_by_broker = end.ended_by() == EndedBy::Broker;
        let limit = if is_ended_by_broker { close_timeout } else { close_timeout.min(GONE_TIMEOUT) };
        let is_closed = timeout(limit, close(&mut link, rest, signals)).await;
        // After the time limit, the link is dropped without an orderly close.
        if is_ended_by_broker && is_closed.is_ok() {
            let limit = if end.kind() == EndKind::Shutdown { STOP_DISCARD_TIME } else { close_timeout };
            let _ = timeout(limit, discard_input(&mut link)).await;
        }
        drop(token);
    }
}

/// Writes the last bytes and closes the broker's side of the link.
async fn close(link: &mut Link, bytes: Vec<u8>, signals: Arc<Signals>) -> io::Result<()> {
    while signals.is_writing() {
        tokio::task::yield_now().await;
    }
    let bytes = if signals.is_writing_forbidden() { &[] } else { bytes.as_slice() };
    super::accept_connect::send(link, bytes).await?;
    poll_fn(|context| link.poll_close(context)).await
}

/// Reads and discards what the peer still sends, until it has closed its side, so that it receives the reason for the
/// end and not a reset.
pub(super) async fn discard_input(link: &mut Link) {
    let mut left = DISCARDED_BYTES_MAX;
    poll_fn(|context| link.poll_discard(context, &mut left)).await;
}

/// Maximum number of bytes that are read after the end of a connection. A peer that sends more gets a reset.
const DISCARDED_BYTES_MAX: usize = 16 << 20;
/// Time limit for closing the link if the peer sent DISCONNECT or closed its side. The peer expects no more packets, so
/// only the transport's own close is left to do.
const GONE_TIMEOUT: Duration = Duration::from_secs(1);
/// Time for which input is discarded when the broker stops. It is short, because a stop waits for the clients that do not
/// close their side.
const STOP_DISCARD_TIME: Duration = Duration::from_millis(100);
