//! Sends answers to the client: immediately, or when the changes that they confirm are committed.

use std::mem;

use tidegate_mqtt::{Ack, AckKind, Packet};
use tidegate_persistence::Commit;

use super::ack_queue::{AckQueue, Reply};
use super::{ClientConnection, End};
use crate::session_guard::SessionGuard;
use crate::turn::Turn;

impl ClientConnection {
    /// Sends the answers whose commit is reached.
    ///
    /// # Errors
    /// When another connection has taken over the session, or there is not enough memory for an answer.
    pub fn release(&mut self, turn: &mut Turn<'_>) -> Result<(), End> {
        if self.acks.is_empty() {
            return Ok(());
        }
        let committed = self.broker.latest_commit();
        let mut session = self.broker.own(&self.owner)?;
        let result = self.acks.release(turn, &mut session, committed);
        let _ = session.finish(turn);
        result
    }
}

impl AckQueue {
    /// Sends the answers whose commit is not later than `committed`.
    fn release(
        &mut self,
        turn: &mut Turn<'_>,
        session: &mut SessionGuard<'_>,
        committed: Commit,
    ) -> Result<(), End> {
        let mut has_released = false;
        while let Some(reply) = self.pop(committed) {
            if let Reply::Ack(Ack { kind: AckKind::PubAck, .. }) = reply {
                session.session.puback_sent();
            }
            // Between consecutive acknowledgements, no further messages can become committed.
            if !mem::replace(&mut has_released, matches!(reply, Reply::Ack(_))) {
                release_messages(turn, session);
            }
            send(turn, session, reply)?;
        }
        if !self.is_empty() {
            self.wake_for_first(turn);
        }
        Ok(())
    }

    /// Sends a packet through the session, immediately or when `commit` is reached. `committed` is the last commit that
    /// the store has reached.
    pub(super) fn answer(
        &mut self,
        turn: &mut Turn<'_>,
        session: &mut SessionGuard<'_>,
        committed: Commit,
        commit: Commit,
        packet: Packet,
    ) -> Result<(), End> {
        let commit = self.commit_for_answer(commit);
        let reply = Reply::Packet(Box::new(packet));
        if !self.is_empty() || committed < commit {
            return self.withhold(turn, session, commit, reply);
        }
        release_messages(turn, session);
        send(turn, session, reply)
    }

    /// Sends the acknowledgements in `acks`, each immediately or when its commit is reached, and empties the list.
    /// `committed` is the last commit that the store has reached. The caller reads `committed` once for all
    /// acknowledgements, because messages and the acknowledgements after them must be compared with the same commit.
    pub(super) fn answer_all(
        &mut self,
        turn: &mut Turn<'_>,
        session: &mut SessionGuard<'_>,
        committed: Commit,
        acks: &mut Vec<(Commit, Ack)>,
    ) -> Result<(), End> {
        let mut has_released = false;
        for (commit, ack) in acks.drain(..) {
            let commit = self.commit_for_answer(commit);
            if !self.is_empty() || committed < commit {
                self.withhold(turn, session, commit, Reply::Ack(ack))?;
                continue;
            }
            // Between consecutive acknowledgements, no further messages can become committed.
            if !mem::replace(&mut has_released, true) {
                release_messages(turn, session);
            }
            session.session.send_ack(&ack);
        }
        Ok(())
    }

    fn withhold(
        &mut self,
        turn: &mut Turn<'_>,
        session: &mut SessionGuard<'_>,
        commit: Commit,
        reply: Reply,
    ) -> Result<(), End> {
        if let Reply::Ack(Ack { kind: AckKind::PubAck, .. }) = reply {
            session.session.withhold_puback()?;
        }
        self.push(commit, reply);
        self.wake_for_first(turn);
        Ok(())
    }
}

/// Sends the messages whose commit is reached, so that an answer is not sent before earlier messages.
fn release_messages(turn: &mut Turn<'_>, session: &mut SessionGuard<'_>) {
    session.release_committed(turn);
    let _ = session.save(turn, None);
}

fn send(turn: &mut Turn<'_>, session: &mut SessionGuard<'_>, reply: Reply) -> Result<(), End> {
    match reply {
        Reply::Ack(ack) => {
            session.session.send_ack(&ack);
        }
        Reply::Packet(packet) => {
            session.session.send(&packet)?;
        }
        Reply::ConnAck(connack) => session.open(turn, connack),
    }
    Ok(())
}
