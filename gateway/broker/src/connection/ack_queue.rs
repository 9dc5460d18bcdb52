//! Answers that wait for a commit, in order.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use tidegate_mqtt::{Ack, ConnAck, Packet};
use tidegate_persistence::Commit;

use crate::signals::Signals;
use crate::turn::Turn;

/// What waits, oldest first.
///
/// Invariant: an answer never overtakes another.
pub(super) struct AckQueue {
    replies: VecDeque<(Commit, Reply)>,
    /// No answer leaves before this commit: it may rest on what the session was before.
    not_before: Commit,
    /// The connection is woken at the next commit.
    awaiting: bool,
    signals: Arc<Signals>,
}

/// What a client is told.
pub(super) enum Reply {
    Ack(Ack),
    /// SUBACK, UNSUBACK or PINGRESP.
    Packet(Box<Packet>),
    /// Nothing is read before it was sent.
    ConnAck(Box<ConnAck>),
}

impl AckQueue {
    /// The answers to a connection with those signals, none of which leaves before `not_before`.
    pub(super) fn new(not_before: Commit, signals: Arc<Signals>) -> Self {
        Self { replies: VecDeque::new(), not_before, awaiting: false, signals }
    }

    /// The signals to the connection.
    pub(super) fn signals(&self) -> &Arc<Signals> {
        &self.signals
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Whether nothing more should be read: CONNACK was not sent, or too much waits.
    pub(super) fn is_full(&self) -> bool {
        self.awaits_connack() || self.replies.len() >= LEN_MAX
    }

    /// Whether CONNACK was not sent.
    pub(super) fn awaits_connack(&self) -> bool {
        matches!(self.replies.front(), Some((_, Reply::ConnAck(_))))
    }

    pub(super) fn push(&mut self, commit: Commit, reply: Reply) {
        self.replies.push_back((commit, reply));
    }

    /// Takes the oldest if it is covered by `committed`.
    pub(super) fn pop(&mut self, committed: Commit) -> Option<Reply> {
        let is_covered = self.replies.front().is_some_and(|(commit, _)| *commit <= committed);
        if is_covered { self.replies.pop_front().map(|(_, reply)| reply) } else { None }
    }

    /// When an answer that rests on `commit` may leave.
    pub(super) fn leaves_at(&self, commit: Commit) -> Commit {
        commit.max(self.not_before)
    }

    /// Has the connection woken when the oldest may leave.
    pub(super) fn wake_for_first(&mut self, turn: &mut Turn<'_>) {
        let commit = self.replies.front().map_or(Commit(u64::MAX), |(commit, _)| *commit);
        self.wake_at_commit(turn, commit);
    }

    /// Has the connection woken at the next commit; at once if `commit` is reached already.
    pub(super) fn wake_at_commit(&mut self, turn: &mut Turn<'_>, commit: Commit) {
        if !mem::replace(&mut self.awaiting, true) {
            turn.effects.wake_at_commit(&self.signals, commit);
        }
    }

    /// The connection was woken.
    pub(super) fn end_waiting(&mut self) {
        self.awaiting = false;
    }
}

/// Answers that wait for one client before it is not read any more.
const LEN_MAX: usize = 1024;
