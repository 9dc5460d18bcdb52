//! Drives one connection: the only place where links, the clock and the broker's side of a connection meet.

mod accept_connect;
mod drive;
mod end;
mod lane;
mod relocation;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::Context;

use tidegate_broker::{ClientConnection, DirectWrite, End, Signal, Turn};
use tidegate_transports::{DirectWriter, Link};
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
        let control = Lane::new(link, partial);
        Self {
            client,
            control,
            further: None,
            arriving: false,
            last_rebalance: LastRebalance::default(),
            token,
        }
    }

    /// Adds a further stream of the same client. Its packets act on the client's session, and everything for the client
    /// is sent on the control lane. When the stream ends, the connection continues.
    pub fn add_lane(&mut self, link: Link) {
        self.further.get_or_insert_default().push(Lane::new(link, Vec::new()));
    }

    fn turn(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        let signals = self.handle_signals();
        if signals.as_ref().is_err_and(|end| !end.is_after_input()) {
            return signals;
        }
        with_core(|core| {
            let now = clock::now();
            core.measure_load(now);
            core.run_turn(now, |turn, buffers| self.run(turn, buffers, context))
        })?;
        signals
    }

    fn run(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        self.client.release(turn)?;
        self.client.resume(turn)?;
        // A client may have sent DISCONNECT before the write failed.
        let written = self.control.write(&self.client, turn, buffers, context);
        self.control.read(&mut self.client, turn, buffers, context)?.expect_open()?;
        written?;
        self.read_further_lanes(turn, buffers, context)?;
        if self.client.replay(turn)? || self.client.is_busy() {
            context.waker().wake_by_ref();
        }
        Ok(())
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
                Input::Open => index += 1,
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
