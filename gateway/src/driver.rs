//! Drives one connection: the only place where a link, the clock and the protocol's state meet.

mod bell;
mod dispatch;
mod drive;
mod end;
mod greeting;
mod held;
mod input;
mod intake;
mod output;
mod relocation;
mod replay;
mod settle;
mod subscribe;

use std::sync::Arc;
use std::task::Context;

use tidegate_persistence::Commit;
use tidegate_session::{Batch, Connection};
use tidegate_transports::Link;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use bell::{Bell, Signal};
pub use drive::Drive;
use end::End;
pub use greeting::{Greeted, Refused, greet, turn_away};
use held::{Held, Reply};
pub use intake::IntakeLists;

use crate::broker::{Attachment, Broker, Seat};
use crate::cores::{Considered, Core, with_core};

/// One connection, from CONNACK to its end.
///
/// Invariant: it holds no buffer while nothing is under way.
pub struct Driver {
    link: Link,
    broker: Arc<Broker>,
    seat: Arc<Seat>,
    bell: Arc<Bell>,
    epoch: u64,
    /// No answer leaves before this commit: it may rest on what the session was before.
    before: Commit,
    connection: Connection,
    /// The beginning of a packet whose rest has not arrived.
    torn: Vec<u8>,
    /// Bytes taken from the session that the link did not take yet.
    batch: Option<Box<Batch>>,
    /// The link holds bytes that it has not sent.
    flushing: bool,
    /// Retained messages are still to be sent, or may be: the session knows.
    replaying: bool,
    /// What came behind CONNECT was taken in.
    started: bool,
    held: Held,
    /// It came from another core, whose runtime still has the socket.
    arriving: bool,
    /// When it was asked last to go to another core.
    considered: Considered,
    /// The session that it publishes to, or its own: those of a company are best on one core.
    company: u64,
    /// Its place among those that a stop waits for.
    place: TaskTrackerToken,
}

impl Driver {
    /// A driver for a connection that the broker attached to its session. `torn` is what came behind CONNECT; `place` is given
    /// back when the link is closed.
    #[must_use]
    pub fn new(
        link: Link,
        broker: Arc<Broker>,
        attachment: Attachment,
        torn: Vec<u8>,
        place: TaskTrackerToken,
    ) -> Self {
        let Attachment { seat, bell, epoch, connection, before, opening } = attachment;
        let company = seat.id();
        let mut held = Held::default();
        if let Some((commit, connack)) = opening {
            held.push(commit, Reply::ConnAck(Box::new(connack)));
        }
        Self {
            link,
            broker,
            seat,
            bell,
            epoch,
            before,
            connection,
            torn,
            batch: None,
            flushing: false,
            replaying: true,
            started: false,
            held,
            arriving: false,
            considered: Considered::default(),
            company,
            place,
        }
    }

    fn turn(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        with_core(Core::take_owed);
        self.heed()?;
        self.release()?;
        self.write(context)?;
        self.read(context)?;
        self.replay(context)
    }

    fn heed(&mut self) -> Result<(), End> {
        let signals = self.bell.heed();
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
            self.link.beat().map_err(|_| End::closed())?;
            self.flushing = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
