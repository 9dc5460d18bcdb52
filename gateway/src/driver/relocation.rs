//! A connection moves from one core to another, between two polls.
//!
//! Signals that are set meanwhile are found by the first poll at the new core. What the former core still has of the connection,
//! in its mailbox or among those that wait for a commit, only sets a signal as well, wherever the connection is.

use std::task::{Context, Poll};

use tidegate_broker::{CoreId, End};

use super::{Drive, Driver, direct_writer};
use crate::clock;
use crate::cores::with_core;

/// Why a core does not poll a connection any more.
pub(super) enum Departure {
    End(End),
    To(CoreId),
}

impl Driver {
    /// One turn; ready if it was the last on this core.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Departure> {
        self.client.signals().register(context.waker());
        let is_new = self.arriving;
        self.arrive();
        if let Err(end) = self.turn(context) {
            return Poll::Ready(Departure::End(end));
        }
        // Its socket reports nothing before this core has asked for events.
        if is_new || !self.link.is_mobile() {
            return Poll::Pending;
        }
        let affinity_group = self.client.affinity_group();
        match with_core(|core| core.rebalance_target(&mut self.last_rebalance, affinity_group)) {
            Some(core) => Poll::Ready(Departure::To(core)),
            None => Poll::Pending,
        }
    }

    /// Continues in a task on another core.
    pub(super) fn move_to(mut self: Box<Self>, to: CoreId) {
        self.arriving = true;
        with_core(|core| core.cores().spawn(to, Drive::from(self)));
    }

    /// Registers the socket with this core. While another core is writing to it, the next poll tries again: until then the former
    /// core reports its events.
    fn arrive(&mut self) {
        if !self.arriving || !self.client.broker().take_writer(self.client.owner()) {
            return;
        }
        self.arriving = false;
        if let Err(error) = self.link.reregister() {
            tracing::debug!(%error, "a socket stays with the core that had it");
        }
        let writer = direct_writer(&self.link);
        let Self { client, .. } = self;
        with_core(|core| {
            let id = core.id();
            core.run_turn(clock::now(), |turn, _| {
                client.broker().move_to_core(turn, client.owner(), id, writer);
            });
        });
    }
}
