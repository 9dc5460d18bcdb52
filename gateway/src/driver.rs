//! Drives one connection: the only place where a link, the clock and the protocol's state meet.

mod accept_connect;
mod ack_queue;
mod apply;
mod dispatch;
mod drive;
mod end;
mod input;
mod output;
mod read_batch;
mod relocation;
mod replay;
mod signals;
mod subscribe;

use std::sync::Arc;
use std::task::Context;

use tidegate_persistence::Commit;
use tidegate_session::{Batch, Connection};
use tidegate_transports::Link;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use accept_connect::{Accepted, Refused, accept_connect, reject};
use ack_queue::{AckQueue, Reply};
pub use drive::Drive;
use end::End;
pub use read_batch::ReadBatchLists;
pub use signals::{Signal, Signals};

use crate::broker::{Attachment, Broker, SessionHandle};
use crate::cores::{Core, LastRebalance, with_core};

/// One connection, from CONNACK to its end.
///
/// Invariant: it holds no buffer while nothing is under way.
pub struct Driver {
    link: Link,
    broker: Arc<Broker>,
    handle: Arc<SessionHandle>,
    signals: Arc<Signals>,
    epoch: u64,
    /// No answer leaves before this commit: it may rest on what the session was before.
    before: Commit,
    connection: Connection,
    /// The beginning of a packet whose rest has not arrived.
    partial: Vec<u8>,
    /// Bytes taken from the session that the link did not take yet.
    batch: Option<Box<Batch>>,
    /// The link holds bytes that it has not sent.
    flushing: bool,
    /// Retained messages are still to be sent, or may be: the session knows.
    replaying: bool,
    /// What came behind CONNECT was taken in.
    started: bool,
    acks: AckQueue,
    /// It came from another core, whose runtime still has the socket.
    arriving: bool,
    /// When it was asked last to go to another core.
    last_rebalance: LastRebalance,
    /// The session that it publishes to, or its own: those of a company are best on one core.
    affinity_group: u64,
    /// Its place among those that a stop waits for.
    place: TaskTrackerToken,
}

impl Driver {
    /// A driver for a connection that the broker attached to its session. `partial` is what came behind CONNECT; `place` is given
    /// back when the link is closed.
    #[must_use]
    pub fn new(
        link: Link,
        broker: Arc<Broker>,
        attachment: Attachment,
        partial: Vec<u8>,
        place: TaskTrackerToken,
    ) -> Self {
        let Attachment { handle, signals, epoch, connection, before, opening } = attachment;
        let affinity_group = handle.id();
        let mut acks = AckQueue::default();
        if let Some((commit, connack)) = opening {
            acks.push(commit, Reply::ConnAck(Box::new(connack)));
        }
        Self {
            link,
            broker,
            handle,
            signals,
            epoch,
            before,
            connection,
            partial,
            batch: None,
            flushing: false,
            replaying: true,
            started: false,
            acks,
            arriving: false,
            last_rebalance: LastRebalance::default(),
            affinity_group,
            place,
        }
    }

    fn turn(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        with_core(Core::take_owed);
        self.take()?;
        self.release()?;
        self.write(context)?;
        self.read(context)?;
        self.replay(context)
    }

    fn take(&mut self) -> Result<(), End> {
        let signals = self.signals.take();
        if signals.has(Signal::TakenOver) {
            return Err(End::taken_over());
        }
        if signals.has(Signal::Shutdown) {
            return Err(End::shutdown());
        }
        if signals.has(Signal::Silent) {
            return Err(End::silent());
        }
        if signals.has(Signal::Broken) {
            return Err(End::closed());
        }
        if signals.has(Signal::Committed) {
            self.awaited();
        }
        if signals.has(Signal::Heartbeat) {
            self.link.ping().map_err(|_| End::closed())?;
            self.flushing = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
