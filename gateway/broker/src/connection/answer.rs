//! Answers to the client: at once, or when what they promise is committed.

use std::mem;

use tidegate_mqtt::{Ack, AckKind, Packet};
use tidegate_persistence::Commit;

use super::ack_queue::{AckQueue, Reply};
use super::{ClientConnection, End};
use crate::session_guard::SessionGuard;
use crate::turn::Turn;

impl ClientConnection {
    /// Sends the answers that are committed by now.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn release(&mut self, turn: &mut Turn<'_>) -> Result<(), End> {
        if self.acks.is_empty() {
            return Ok(());
        }
        let committed = self.broker.committed();
        let mut session = self.broker.own(&self.owner)?;
        self.acks.release(turn, &mut session, committed);
        let _ = session.finish(turn);
        Ok(())
    }
}

impl AckQueue {
    /// Sends the answers that `committed` covers.
    fn release(&mut self, turn: &mut Turn<'_>, session: &mut SessionGuard<'_>, committed: Commit) {
        let mut has_released = false;
        while let Some(reply) = self.pop(committed) {
            if let Reply::Ack(Ack { kind: AckKind::PubAck, .. }) = reply {
                session.session.puback_sent();
            }
            // Acknowledgements that follow one another change nothing in between.
            if !mem::replace(&mut has_released, matches!(reply, Reply::Ack(_))) {
                release_messages(turn, session);
            }
            send(turn, session, reply);
        }
        if !self.is_empty() {
            self.wake_for_first(turn);
        }
    }

    /// Sends a packet through the session, now or once `commit` is reached. `committed`: the last commit that is stored.
    pub(super) fn answer(
        &mut self,
        turn: &mut Turn<'_>,
        session: &mut SessionGuard<'_>,
        committed: Commit,
        commit: Commit,
        packet: Packet,
    ) -> Result<(), End> {
        let commit = self.leaves_at(commit);
        let reply = Reply::Packet(Box::new(packet));
        if !self.is_empty() || committed < commit {
            return self.withhold(turn, session, commit, reply);
        }
        release_messages(turn, session);
        send(turn, session, reply);
        Ok(())
    }

    /// Sends acknowledgements, each now or once its commit is reached; removes them from the list. `committed`, the last commit that
    /// is stored, is read once: an acknowledgement may not go by a later one than the messages that are sent before it.
    pub(super) fn answer_all(
        &mut self,
        turn: &mut Turn<'_>,
        session: &mut SessionGuard<'_>,
        committed: Commit,
        acks: &mut Vec<(Commit, Ack)>,
    ) -> Result<(), End> {
        let mut has_released = false;
        for (commit, ack) in acks.drain(..) {
            let commit = self.leaves_at(commit);
            if !self.is_empty() || committed < commit {
                self.withhold(turn, session, commit, Reply::Ack(ack))?;
                continue;
            }
            // Acknowledgements that follow one another change nothing in between.
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

/// Sends the messages that wait for a commit which is reached: an answer does not overtake them.
fn release_messages(turn: &mut Turn<'_>, session: &mut SessionGuard<'_>) {
    session.release_committed(turn);
    let _ = session.save(turn, None);
}

fn send(turn: &mut Turn<'_>, session: &mut SessionGuard<'_>, reply: Reply) {
    match reply {
        Reply::Ack(ack) => {
            session.session.send_ack(&ack);
        }
        Reply::Packet(packet) => {
            session.session.send(&packet);
        }
        Reply::ConnAck(connack) => session.open(turn, connack),
    }
}
