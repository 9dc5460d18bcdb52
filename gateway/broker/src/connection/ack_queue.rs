//! The answers to a client that wait for a commit, in order.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use tidegate_mqtt::{Ack, ConnAck, Packet};
use tidegate_persistence::Commit;

use crate::signals::Signals;
use crate::turn::Turn;

/// The answers that wait for their commit, oldest first.
///
/// Invariant: an answer never overtakes another.
pub(super) struct AckQueue {
    replies: VecDeque<(Commit, Reply)>,
    /// No answer is sent before this commit, because each answer may depend on the state that the session had when the
    /// connection began.
    not_before: Commit,
    /// Whether the connection will be woken at the next commit.
    awaiting: bool,
    signals: Arc<Signals>,
}

/// An answer to the client.
pub(super) enum Reply {
    Ack(Ack),
    /// SUBACK, UNSUBACK or PINGRESP.
    Packet(Box<Packet>),
    /// CONNACK. Nothing is read from the client before it was sent.
    ConnAck(Box<ConnAck>),
}

impl AckQueue {
    /// Creates an empty queue for the connection with these signals. No answer is sent before the commit `not_before`.
    pub(super) fn new(not_before: Commit, signals: Arc<Signals>) -> Self {
        Self { replies: VecDeque::new(), not_before, awaiting: false, signals }
    }

    /// Returns the signals to the connection.
    pub(super) fn signals(&self) -> &Arc<Signals> {
        &self.signals
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Whether nothing more may be read from the client: CONNACK was not sent yet, or too many answers wait.
    pub(super) fn is_full(&self) -> bool {
        self.awaits_connack() || self.replies.len() >= LEN_MAX
    }

    /// Whether CONNACK was not sent yet.
    pub(super) fn awaits_connack(&self) -> bool {
        matches!(self.replies.front(), Some((_, Reply::ConnAck(_))))
    }

    pub(super) fn push(&mut self, commit: Commit, reply: Reply) {
        self.replies.push_back((commit, reply));
    }

    /// Takes the oldest answer if its commit is reached. `committed` is the last commit that the store has reached.
    pub(super) fn pop(&mut self, committed: Commit) -> Option<Reply> {
        let is_covered = self.replies.front().is_some_and(|(commit, _)| *commit <= committed);
        if is_covered { self.replies.pop_front().map(|(_, reply)| reply) } else { None }
    }

    /// Returns the commit after which an answer may be sent that depends on `commit`.
    pub(super) fn leaves_at(&self, commit: Commit) -> Commit {
        commit.max(self.not_before)
    }

    /// Asks the core to wake the connection when the oldest answer may be sent.
    pub(super) fn wake_for_first(&mut self, turn: &mut Turn<'_>) {
        let commit = self.replies.front().map_or(Commit(u64::MAX), |(commit, _)| *commit);
        self.wake_at_commit(turn, commit);
    }

    /// Asks the core to wake the connection when the store next reports a commit, or immediately if `commit` is already
    /// reached.
    pub(super) fn wake_at_commit(&mut self, turn: &mut Turn<'_>, commit: Commit) {
        if !mem::replace(&mut self.awaiting, true) {
            turn.effects.wake_at_commit(&self.signals, commit);
        }
    }

    /// Records that the connection was woken.
    pub(super) fn end_waiting(&mut self) {
        self.awaiting = false;
    }
}

/// Maximum number of waiting answers, at which nothing more is read from the client.
const LEN_MAX: usize = 1024;
