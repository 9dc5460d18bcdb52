//! Drives one connection: the only place where a link, the clock and the broker's side of a connection meet.

mod accept_connect;
mod drive;
mod end;
mod input;
mod output;
mod relocation;

use std::sync::Arc;
use std::task::Context;

use tidegate_broker::{ClientConnection, DirectWrite, End, Signal, Turn};
use tidegate_session::Batch;
use tidegate_transports::Link;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use accept_connect::{Accepted, Refused, accept_connect, reject};
pub use drive::Drive;
use output::LinkWriter;

use crate::clock;
use crate::cores::{Buffers, LastRebalance, with_core};

/// One connection, from CONNACK to its end.
///
/// Invariant: an idle connection holds no buffer.
pub struct Driver {
    link: Link,
    client: ClientConnection,
    /// Bytes that were read and not handled: the beginning of a packet whose rest has not arrived, or packets that
    /// exceeded the budget of a turn.
    partial: Vec<u8>,
    /// Whether `partial` may hold whole packets.
    has_more: bool,
    /// Bytes that were taken from the session's write buffer and are not yet written to the link.
    batch: Option<Box<Batch>>,
    /// Whether the link may hold bytes that it has not sent yet.
    flushing: bool,
    /// Whether the connection was moved to this core, and its socket is still registered with the runtime of the former
    /// core.
    arriving: bool,
    last_rebalance: LastRebalance,
    /// Counts this connection among those that a shutdown waits for.
    token: TaskTrackerToken,
}

impl Driver {
    /// Creates a driver for a connection that has got its session. `partial` holds the bytes that arrived after
    /// CONNECT. `token` is dropped when the link is closed.
    #[must_use]
    pub fn new(link: Link, client: ClientConnection, partial: Vec<u8>, token: TaskTrackerToken) -> Self {
        Self {
            link,
            client,
            has_more: !partial.is_empty(),
            partial,
            batch: None,
            flushing: false,
            arriving: false,
            last_rebalance: LastRebalance::default(),
            token,
        }
    }

    fn turn(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        self.handle_signals()?;
        with_core(|core| {
            let now = clock::now();
            core.measure_load(now);
            core.run_turn(now, |turn, buffers| self.run(turn, buffers, context))
        })
    }

    fn run(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        self.client.release(turn)?;
        self.client.resume(turn)?;
        self.write(turn, buffers, context)?;
        self.read(turn, buffers, context)?;
        if self.client.replay(turn)? || self.client.is_busy() {
            context.waker().wake_by_ref();
        }
        Ok(())
    }

    fn handle_signals(&mut self) -> Result<(), End> {
        if self.client.take_signals()?.has(Signal::Heartbeat) {
            self.link.ping().map_err(|_| End::broken())?;
            self.flushing = true;
        }
        Ok(())
    }
}

/// Returns a writer with which any core may write to the link; `None` if only the core that polls the link may write.
#[must_use]
pub fn direct_writer(link: &Link) -> Option<Arc<dyn DirectWrite>> {
    link.direct().map(|writer| -> Arc<dyn DirectWrite> { Arc::new(LinkWriter(writer)) })
}
