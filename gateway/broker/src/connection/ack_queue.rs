//! The queue of answers to a client that wait for a commit.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use tidegate_mqtt::{Ack, ConnAck, Packet};
use tidegate_persistence::Commit;

use crate::signals::Signals;
use crate::turn::Turn;

/// The answers that wait for their commit, oldest first.
///
/// Invariant: answers are sent in the order in which they were added.
pub(super) struct AckQueue {
    replies: VecDeque<(Commit, Reply)>,
    /// The commit before which no answer is sent, because each answer may depend on the state that the session had when
    /// the connection began.
    attach_commit: Commit,
    /// Whether the core was asked to wake the connection at a commit.
    is_wake_requested: bool,
    signals: Arc<Signals>,
    /// Number of waiting answers at which the connection stops reading from the client.
    len_max: usize,
}

/// An answer to the client.
pub(super) enum Reply {
    Ack(Ack),
    /// SUBACK, UNSUBACK or PINGRESP.
    Packet(Box<Packet>),
    /// CONNACK. Nothing is read from the client before CONNACK is sent.
    ConnAck(Box<ConnAck>),
}

impl AckQueue {
    /// Creates an empty queue for the connection with these signals. No answer is sent before the commit
    /// `attach_commit`. The queue is full when `len_max` answers wait.
    pub(super) fn new(attach_commit: Commit, signals: Arc<Signals>, len_max: usize) -> Self {
        Self { replies: VecDeque::new(), attach_commit, is_wake_requested: false, signals, len_max }
    }

    /// Returns the signals to the connection.
    pub(super) fn signals(&self) -> &Arc<Signals> {
        &self.signals
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Whether reading from the client must wait, because CONNACK was not sent yet or too many answers wait.
    pub(super) fn is_full(&self) -> bool {
        self.awaits_connack() || self.replies.len() >= self.len_max
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

    /// Returns the commit for which an answer that depends on `commit` has to wait: `commit` or a later one.
    pub(super) fn commit_for_answer(&self, commit: Commit) -> Commit {
        commit.max(self.attach_commit)
    }

    /// Asks the core to wake the connection when the oldest answer may be sent.
    pub(super) fn wake_for_first(&mut self, turn: &mut Turn<'_>) {
        let commit = self.replies.front().map_or(Commit(u64::MAX), |(commit, _)| *commit);
        self.wake_at_commit(turn, commit);
    }

    /// Asks the core to wake the connection when the store next reports a commit, or immediately if `commit` is already
    /// reached.
    pub(super) fn wake_at_commit(&mut self, turn: &mut Turn<'_>, commit: Commit) {
        if !mem::replace(&mut self.is_wake_requested, true) {
            turn.effects.wake_at_commit(&self.signals, commit);
        }
    }

    /// Records that the connection was woken.
    pub(super) fn record_wake(&mut self) {
        self.is_wake_requested = false;
    }
}

#[cfg(test)]
mod tests;
