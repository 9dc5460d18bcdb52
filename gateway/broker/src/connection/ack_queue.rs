//! Answers that wait for a commit, in order.

use std::collections::VecDeque;
use std::mem;

use tidegate_mqtt::{Ack, ConnAck, Packet};
use tidegate_persistence::Commit;

/// What waits, oldest first.
///
/// Invariant: an answer never overtakes another.
#[derive(Default)]
pub(super) struct AckQueue {
    replies: VecDeque<(Commit, Reply)>,
    /// The connection is woken at the next commit.
    awaiting: bool,
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
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Whether nothing more should be read: CONNACK was not sent, or too much waits.
    pub(super) fn is_full(&self) -> bool {
        let awaits_connack = matches!(self.replies.front(), Some((_, Reply::ConnAck(_))));
        awaits_connack || self.replies.len() >= LEN_MAX
    }

    pub(super) fn push(&mut self, commit: Commit, reply: Reply) {
        self.replies.push_back((commit, reply));
    }

    /// Takes the oldest if it is covered by `committed`.
    pub(super) fn pop(&mut self, committed: Commit) -> Option<Reply> {
        let is_covered = self.replies.front().is_some_and(|(commit, _)| *commit <= committed);
        if is_covered { self.replies.pop_front().map(|(_, reply)| reply) } else { None }
    }

    /// The commit that the oldest waits for.
    pub(super) fn first_commit(&self) -> Option<Commit> {
        self.replies.front().map(|(commit, _)| *commit)
    }

    /// Notes that the connection is to be woken; `true` if that was not so before.
    pub(super) fn begin_waiting(&mut self) -> bool {
        !mem::replace(&mut self.awaiting, true)
    }

    /// The connection was woken.
    pub(super) fn end_waiting(&mut self) {
        self.awaiting = false;
    }
}

/// Answers that wait for one client before it is not read any more.
const LEN_MAX: usize = 1024;
