//! Acknowledgements that wait for the store: they leave in their order, once what they promise is committed.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, ConnAck, Packet};
use tidegate_persistence::Commit;

use super::{Driver, End};
use crate::broker::State;
use crate::cores::{Core, with_core};

/// What waits, oldest first.
///
/// Invariant: an acknowledgement never overtakes another.
#[derive(Default)]
pub(super) struct AckQueue {
    replies: VecDeque<(Commit, Reply)>,
    /// The bell is to be rung at the next commit.
    awaiting: bool,
}

/// What a client is to be told.
pub(super) enum Reply {
    Ack(Ack),
    /// SUBACK or UNSUBACK.
    Packet(Box<Packet>),
    /// The first word: nothing is read before it was said.
    ConnAck(Box<ConnAck>),
}

impl AckQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Whether nothing more should be read: CONNACK was not sent, or too much waits.
    pub(super) fn is_full(&self) -> bool {
        let unopened = matches!(self.replies.front(), Some((_, Reply::ConnAck(_))));
        unopened || self.replies.len() >= HELD_MAX
    }

    pub(super) fn push(&mut self, commit: Commit, reply: Reply) {
        self.replies.push_back((commit, reply));
    }

    /// Takes the oldest if it is covered by `committed`.
    fn pop(&mut self, committed: Commit) -> Option<Reply> {
        let covered = self.replies.front().is_some_and(|(commit, _)| *commit <= committed);
        if covered { self.replies.pop_front().map(|(_, reply)| reply) } else { None }
    }
}

impl Driver {
    /// Says it now, or once `commit` is reached.
    pub(super) fn answer(
        &mut self,
        core: &mut Core,
        state: &mut State,
        commit: Commit,
        reply: Reply,
        now: Instant,
    ) -> Result<(), End> {
        let commit = commit.max(self.before);
        if !self.acks.is_empty() || !self.broker.is_committed(commit) {
            return self.withhold(core, state, commit, reply);
        }
        self.release_committed(core, state, now);
        self.say(core, state, reply, now);
        Ok(())
    }

    /// The same for acknowledgements, which are taken out of the list.
    pub(super) fn answer_all(
        &mut self,
        core: &mut Core,
        state: &mut State,
        acks: &mut Vec<(Commit, Ack)>,
        now: Instant,
    ) -> Result<(), End> {
        let mut is_open = false;
        // What the gate lets out: no acknowledgement may go by a later commit than what stands before it.
        let committed = self.broker.committed();
        for (commit, ack) in acks.drain(..) {
            let commit = commit.max(self.before);
            if !self.acks.is_empty() || committed < commit {
                self.withhold(core, state, commit, Reply::Ack(ack))?;
                continue;
            }
            // Acknowledgements one after the other change nothing in between.
            if !mem::replace(&mut is_open, true) {
                self.release_committed(core, state, now);
            }
            state.session.send_ack(&ack);
        }
        Ok(())
    }

    fn withhold(
        &mut self,
        core: &mut Core,
        state: &mut State,
        commit: Commit,
        reply: Reply,
    ) -> Result<(), End> {
        if let Reply::Ack(Ack { kind: AckKind::PubAck, .. }) = reply {
            state.session.withhold_puback()?;
        }
        self.acks.push(commit, reply);
        self.await_commit(core);
        Ok(())
    }

    /// Says what is committed by now.
    pub(super) fn release(&mut self) -> Result<(), End> {
        if self.acks.is_empty() {
            return Ok(());
        }
        let Some(store) = self.broker.store() else { return Ok(()) };
        let committed = store.committed();
        let handle = Arc::clone(&self.handle);
        let mut state = handle.own(self.epoch).ok_or_else(End::taken_over)?;
        let now = Instant::now();
        with_core(|core| {
            let mut is_open = false;
            while let Some(reply) = self.acks.pop(committed) {
                if let Reply::Ack(Ack { kind: AckKind::PubAck, .. }) = reply {
                    state.session.puback_sent();
                }
                // Acknowledgements one after the other change nothing in between.
                if !mem::replace(&mut is_open, matches!(reply, Reply::Ack(_))) {
                    self.release_committed(core, &mut state, now);
                }
                self.say(core, &mut state, reply, now);
            }
            if !state.session.write_buffer().is_empty() {
                core.mark_dirty(&handle);
            }
            if !self.acks.is_empty() {
                self.await_commit(core);
            }
        });
        Ok(())
    }

    /// Has the driver woken at the next commit.
    pub(super) fn await_commit(&mut self, core: &mut Core) {
        if mem::replace(&mut self.acks.awaiting, true) {
            return;
        }
        core.await_commit(&self.signals);
        let next = self.acks.replies.front().map_or(Commit(u64::MAX), |(commit, _)| *commit);
        self.broker.await_commit(core, next);
    }

    pub(super) fn awaited(&mut self) {
        self.acks.awaiting = false;
    }

    /// Nothing overtakes what waited for the same commit.
    fn release_committed(&self, core: &mut Core, state: &mut State, now: Instant) {
        self.broker.release_committed(core, &self.handle, state, now);
        self.broker.save_changes(core, &self.handle, state, now);
    }

    fn say(&self, core: &mut Core, state: &mut State, reply: Reply, now: Instant) {
        match reply {
            Reply::Ack(ack) => {
                state.session.send_ack(&ack);
            }
            Reply::Packet(packet) => {
                state.session.send(&packet);
            }
            Reply::ConnAck(connack) => {
                self.broker.welcome(core, &self.handle, state, *connack, now);
            }
        }
    }
}

/// Acknowledgements that wait for one client before it is not read any more.
const HELD_MAX: usize = 1024;
