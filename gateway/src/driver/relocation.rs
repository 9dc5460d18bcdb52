//! Moves a connection from one core to another, between two polls.
//!
//! Signals that are set during the move are handled by the first poll on the new core. The former core may still have
//! the connection's session in its mailbox, or among the connections that wait for a commit. In both cases the former
//! core only sets a signal, which reaches the connection on any core.

use std::task::{Context, Poll};

use tidegate_broker::{CoreId, End};

use super::{Drive, Driver, direct_writer};
use crate::clock;
use crate::cores::with_core;

/// The reason why a core stops polling a connection: the connection ends, or moves to another core.
pub(super) enum Departure {
    End(End),
    To(CoreId),
}

impl Driver {
    /// Runs one turn. Ready if it was the last turn of the connection on this core.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Departure> {
        self.client.signals().register(context.waker());
        let is_new = self.must_reregister;
        self.arrive();
        if let Err(end) = self.turn(context) {
            return Poll::Ready(Departure::End(end));
        }
        // The socket reports no events to this core before the connection has been polled here once, so a connection
        // that has just arrived must not move on.
        if is_new || !self.links().all(|link| link.is_mobile()) {
            return Poll::Pending;
        }
        let affinity_group = self.client.affinity_group();
        match with_core(|core| core.rebalance_target(&mut self.last_rebalance, affinity_group)) {
            Some(core) => Poll::Ready(Departure::To(core)),
            None => Poll::Pending,
        }
    }

    /// Passes the connection to another core, where it continues.
    pub(super) fn move_to(mut self, to: CoreId) {
        self.must_reregister = true;
        let tenant = self.client.context().tenant.number();
        with_core(|core| core.cores().add_connection(to, tenant, Drive::from(self)));
    }

    /// Registers the socket of a connection that was moved to this core. If another core is writing to the socket at
    /// the moment, the next poll tries again; until registering succeeds, the runtime of the former core reports the
    /// socket's events.
    fn arrive(&mut self) {
        if !self.must_reregister || !self.client.broker().take_writer(self.client.owner()) {
            return;
        }
        self.must_reregister = false;
        for link in self.links() {
            if let Err(error) = link.reregister() {
                tracing::debug!(%error, "a socket stays with the core that had it");
            }
        }
        let writer = direct_writer(&self.control.link);
        let Self { client, .. } = self;
        with_core(|core| {
            let id = core.id();
            core.run_turn(clock::now(), |turn, _| {
                client.broker().move_to_core(turn, client.owner(), id, writer);
            });
        });
    }
}
