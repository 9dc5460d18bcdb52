//! What a read brought is carried out: acknowledgements, then the publishes, then our answers, which may have to wait for
//! the store.

use std::sync::Arc;

use parking_lot::MutexGuard;
use tidegate_mqtt::{Ack, AckKind, QoS, ReasonCode};

use super::dispatch::Intake;
use super::{Driver, End, Reply};
use crate::broker::{Published, State};
use crate::cores::Core;

impl Driver {
    /// Carries out all that the read brought so far.
    pub(super) fn settle(&mut self, core: &mut Core, intake: &mut Intake<'_>) -> Result<(), End> {
        self.settle_run(core, intake)?;
        if intake.acks.is_empty() && intake.replies.is_empty() {
            return Ok(());
        }
        let seat = Arc::clone(&self.seat);
        let mut state = seat.own(self.epoch).ok_or_else(End::taken_over)?;
        settle_acks(&mut state, intake)?;
        self.broker.follow(core, &seat, &mut state, intake.now);
        for (commit, ack) in intake.replies.drain(..) {
            self.answer(core, &mut state, commit, Reply::Ack(ack))?;
        }
        self.finish_turn(core, state);
        Ok(())
    }

    /// Counts what was dropped, and has what waits written.
    fn finish_turn(&self, core: &mut Core, mut state: MutexGuard<'_, State>) {
        core.counters.add_drops(&state.session.take_drops());
        let waits = !state.session.pending().is_empty();
        drop(state);
        if waits {
            core.mark_dirty(&self.seat);
        }
    }

    pub(super) fn settle_run(&mut self, core: &mut Core, intake: &mut Intake<'_>) -> Result<(), End> {
        if intake.run.is_empty() {
            return Ok(());
        }
        // A connection that was taken over changes nothing any more, not even by what it sent before it hears of it.
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        // An acknowledgement never is of a message that came after it.
        settle_acks(&mut state, intake)?;
        core.take_owed();
        // The identifiers of QoS 2 messages that were taken are part of what is acknowledged.
        self.broker.follow(core, &self.seat, &mut state, intake.now);
        self.finish_turn(core, state);
        let published = self.publish(core, intake)?;
        intake.run.clear();
        let commit = core.take_owed();
        for (packet_id, qos) in intake.owed.drain(..) {
            let kind = if qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
            let reason = reason_for(published);
            if kind == AckKind::PubRec && reason.is_error() {
                // A refused QoS 2 publish is over: its identifier is free again [MQTT5-4.3.3-9].
                let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
                let _ = state.session.release(packet_id);
                self.broker.follow(core, &self.seat, &mut state, intake.now);
            }
            intake.replies.push((commit, Ack::new(kind, packet_id, reason)));
        }
        Ok(())
    }

    /// Publishes the run. While the store has no room, what has to be acknowledged is refused: 0x97, and before 5.0, which
    /// has no word for it, the end of the connection.
    fn publish(&mut self, core: &mut Core, intake: &Intake<'_>) -> Result<Published, End> {
        let version = self.connection.version();
        if !intake.owed.is_empty() && self.broker.keeper().is_some_and(|keeper| keeper.is_refusing()) {
            core.counters.refused_store.add(intake.run.len());
            return if version.is_v5() { Ok(Published::Refused) } else { Err(End::overloaded()) };
        }
        Ok(self.broker.publish(core, &self.seat, version, &intake.run, intake.now))
    }
}

/// Carries out the acknowledgements by the client that the read brought so far.
fn settle_acks(state: &mut State, intake: &mut Intake<'_>) -> Result<(), End> {
    for ack in intake.acks.drain(..) {
        state.session.handle_ack(&ack, intake.now)?;
    }
    Ok(())
}

fn reason_for(published: Published) -> ReasonCode {
    match published {
        Published::Delivered => ReasonCode::Success,
        Published::Unmatched => ReasonCode::NoMatchingSubscribers,
        Published::Forbidden => ReasonCode::NotAuthorized,
        Published::Refused => ReasonCode::QuotaExceeded,
    }
}
