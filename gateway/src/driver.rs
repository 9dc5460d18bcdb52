//! Drives one connection. Only drivers use a link, the clock and the broker's side of a connection together.

mod accept_connect;
mod drive;
mod end;
mod lane;
mod relocation;

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use tidegate_broker::{ClientConnection, DirectWrite, End, EndKind, Signal, Turn};
use tidegate_transports::{DirectWriter, Link};
use tokio::time::{Sleep, sleep};
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use accept_connect::{Accepted, Refused, accept_connect};
pub use drive::Drive;
use lane::{Input, Lane};

use crate::clock;
use crate::cores::{Buffers, LastRebalance, with_core};

/// One connection, from CONNACK to its end.
pub struct Driver {
    client: ClientConnection,
    /// The stream on which CONNECT arrived.
    control: Lane,
    /// The further streams of the connection, if any. Boxed, because most connections have none.
    #[expect(clippy::box_collection, reason = "a connection without further streams pays one pointer")]
    further: Option<Box<Vec<Lane>>>,
    /// Whether the connection was moved to this core, and its socket is still registered with the runtime of the former
    /// core.
    must_reregister: bool,
    /// The last rebalance round in which the connection took part.
    last_rebalance: LastRebalance,
    /// Set when the connection has to end, but first handles the input that has already arrived.
    ending: Option<Ending>,
    /// Counts this connection among those that a shutdown waits for.
    token: TaskTrackerToken,
}

/// The end of a connection that first handles the input that has already arrived.
struct Ending {
    end: End,
    /// Ready when the runtime has looked for input once more. The socket may have received bytes that it has not
    /// reported to the connection yet.
    looked_for_input: Pin<Box<Sleep>>,
    /// Maximum number of turns until the end.
    turns: u16,
}

impl Driver {
    /// Creates a driver for a connection that has got its session. `partial` holds the bytes that arrived after
    /// CONNECT. `token` is dropped when the link is closed.
    #[must_use]
    pub fn new(link: Link, client: ClientConnection, partial: Vec<u8>, token: TaskTrackerToken) -> Self {
        let control = Lane::new(link, partial);
        Self {
            client,
            control,
            further: None,
            must_reregister: false,
            last_rebalance: LastRebalance::default(),
            ending: None,
            token,
        }
    }

    /// Adds a further stream of the same client. Its packets act on the client's session, and everything for the client
    /// is sent on the control lane. When the stream ends, the connection continues.
    pub fn add_lane(&mut self, link: Link) {
        self.further.get_or_insert_default().push(Lane::new(link, Vec::new()));
    }

    fn turn(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        if let Err(end) = self.handle_signals() {
            self.end_after_input(end)?;
        }
        let has_more = with_core(|core| {
            let now = clock::now();
            core.measure_load(now);
            core.run_turn(now, |turn, buffers| self.run(turn, buffers, context))
        })?;
        let Some(ending) = &mut self.ending else { return Ok(()) };
        ending.turns -= 1;
        let may_get_more = has_more || ending.looked_for_input.as_mut().poll(context).is_pending();
        let is_over = !may_get_more || ending.turns == 0;
        self.ending.take_if(|_| is_over).map_or(Ok(()), |ending| Err(ending.end))
    }

    /// Lets the connection end after it has handled the input that has already arrived.
    ///
    /// # Errors
    /// Returns `end` if the connection must end at once.
    fn end_after_input(&mut self, end: End) -> Result<(), End> {
        if !matches!(end.kind(), EndKind::Shutdown | EndKind::Broken) {
            return Err(end);
        }
        self.client.ignore_output();
        self.ending.get_or_insert_with(|| Ending {
            end,
            // The runtime looks for input before it looks for timers that are due.
            looked_for_input: Box::pin(sleep(Duration::from_millis(1))),
            turns: LAST_TURNS_MAX,
        });
        Ok(())
    }

    /// Runs the parts of one turn: sends answers, continues an unfinished operation, writes, reads, and continues
    /// replays. Returns whether the next turn may have more input to handle.
    fn run(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        self.client.release(turn)?;
        self.client.resume(turn)?;
        self.write(turn, buffers, context)?;
        let input = self.read(turn, buffers, context)?;
        // A connection that is ending also sends the retained messages of a SUBSCRIBE that it has just answered.
        let is_unfinished = self.client.replay(turn)? || self.client.is_busy();
        if is_unfinished {
            context.waker().wake_by_ref();
        }
        Ok(is_unfinished || input == Input::More)
    }

    /// Writes to the control lane, unless the connection is ending.
    fn write(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        if self.ending.is_some() {
            return Ok(());
        }
        match self.control.write(&self.client, turn, buffers, context) {
            Ok(()) => Ok(()),
            Err(end) => self.end_after_input(end),
        }
    }

    /// Reads from all lanes. Returns what the control lane read.
    fn read(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<Input, End> {
        let input = self.control.read(&mut self.client, turn, buffers, context)?;
        input.expect_open()?;
        self.read_further_lanes(turn, buffers, context)?;
        Ok(input)
    }

    /// Reads from the further lanes, and removes those that have ended.
    fn read_further_lanes(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let Some(lanes) = &mut self.further else { return Ok(()) };
        let mut index = 0;
        while let Some(lane) = lanes.get_mut(index) {
            match lane.read(&mut self.client, turn, buffers, context)? {
                Input::Idle | Input::More => index += 1,
                Input::Finished | Input::Broken => drop(lanes.swap_remove(index)),
            }
        }
        if lanes.is_empty() {
            self.further = None;
        }
        Ok(())
    }

    fn handle_signals(&mut self) -> Result<(), End> {
        if self.client.take_signals()?.has(Signal::Heartbeat) {
            self.control.ping()?;
        }
        Ok(())
    }

    /// Returns the links of all lanes.
    fn links(&mut self) -> impl Iterator<Item = &mut Link> {
        let further = self.further.iter_mut().flat_map(|lanes| lanes.iter_mut());
        std::iter::once(&mut self.control).chain(further).map(|lane| &mut lane.link)
    }
}

/// Maximum number of turns in which an ending connection handles what its peer sent before: more than the receive
/// buffers of the usual kernels can hold.
const LAST_TURNS_MAX: u16 = 512;

/// Lets any core write to a plain socket.
#[derive(Debug)]
struct LinkWriter(DirectWriter);

impl DirectWrite for LinkWriter {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write(slices)
    }
}

/// Returns a writer with which any core may write to the link; `None` if only the core that polls the link may write.
#[must_use]
pub fn direct_writer(link: &Link) -> Option<Arc<dyn DirectWrite>> {
    link.direct().map(|writer| -> Arc<dyn DirectWrite> { Arc::new(LinkWriter(writer)) })
}

#[cfg(test)]
mod tests;
