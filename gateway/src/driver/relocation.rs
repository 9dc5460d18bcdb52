//! A connection goes from one core to another, between two polls.
//!
//! Whoever has to tell it something meanwhile leaves a signal, which the first poll at the new core finds. What the former core
//! still has of it, in its mailbox or waiting for a commit, rings the bell, wherever the connection is.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::{Drive, Driver, End};
use crate::cores::{CoreId, with_core};

/// Why a core polls a connection no more.
pub(super) enum Departure {
    End(End),
    To(CoreId),
}

impl Driver {
    /// One turn; says whether there will be another here.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Departure> {
        self.signals.register(context.waker());
        let is_new = self.arriving;
        self.arrive();
        if let Err(end) = self.turn(context) {
            return Poll::Ready(Departure::End(end));
        }
        // Its socket has nothing to say before this core has asked for events.
        if is_new || !self.link.is_mobile() {
            return Poll::Pending;
        }
        match with_core(|core| core.destination(&mut self.last_rebalance, self.affinity_group)) {
            Some(core) => Poll::Ready(Departure::To(core)),
            None => Poll::Pending,
        }
    }

    /// Goes on in a task on another core.
    pub(super) fn go(mut self: Box<Self>, to: CoreId) {
        self.arriving = true;
        let broker = Arc::clone(&self.broker);
        broker.cores().spawn(to, Drive::from(self));
    }

    /// Registers the socket with this core. While another core is writing to it, the next poll tries again: until then the core
    /// before tells of it.
    fn arrive(&mut self) {
        if !self.arriving || !self.broker.take_writer(&self.handle, self.epoch) {
            return;
        }
        self.arriving = false;
        if let Err(error) = self.link.reregister() {
            tracing::debug!(%error, "a socket stays with the core that had it");
        }
        with_core(|core| {
            self.broker.move_to_core(core, &self.handle, self.epoch, self.link.direct(), Instant::now());
        });
    }
}
