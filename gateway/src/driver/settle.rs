//! What a read brought is carried out: acknowledgements, then the publishes, then our answers, which may have to wait for
//! the store.

use std::sync::Arc;

use parking_lot::MutexGuard;
use tidegate_mqtt::{Ack, AckKind, QoS, ReasonCode};

use super::intake::Intake;
use super::{Driver, End};
use crate::broker::{Keeper, Published, State};
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
        Keeper::lend(core, &mut state.session);
        settle_acks(&mut state, intake)?;
        self.broker.follow(core, &seat, &mut state, intake.now);
        self.answer_all(core, &mut state, &mut intake.replies, intake.now)?;
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

    /// Publishes the run. What a QoS 2 publish changes here and elsewhere is kept together: else, after a crash, its repeat would
    /// be known and gone, or new and there already.
    pub(super) fn settle_run(&mut self, core: &mut Core, intake: &mut Intake<'_>) -> Result<(), End> {
        if intake.run.is_empty() {
            return Ok(());
        }
        let broker = Arc::clone(&self.broker);
        let _whole = broker.keeper().filter(|_| intake.taking().next().is_some()).map(Keeper::span);
        let taken = self.take_in_run(core, intake);
        if taken.is_err() {
            intake.run.clear();
            intake.owed.clear();
        }
        let published = match taken? {
            Taken::Refused => Published::Refused,
            Taken::In => broker.publish(core, &self.seat, self.connection.version(), &intake.run, intake.now),
        };
        intake.run.clear();
        if published == Published::Delivered {
            self.company = core.lookaside.receiver().unwrap_or(self.company);
        }
        let reason = reason_for(published);
        if reason.is_error() {
            self.forget(core, intake);
        }
        let commit = core.take_owed();
        for (packet_id, qos) in intake.owed.drain(..) {
            let kind = if qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
            intake.replies.push((commit, Ack::new(kind, packet_id, reason)));
        }
        Ok(())
    }

    /// Takes in the identifiers of the run's QoS 2 publishes: part of what is acknowledged. While the store has no room, what
    /// has to be acknowledged is refused: 0x97, and before 5.0, which has no word for it, the end of the connection.
    fn take_in_run(&mut self, core: &mut Core, intake: &mut Intake<'_>) -> Result<Taken, End> {
        // A connection that was taken over changes nothing any more, not even by what it sent before it hears of it.
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        // An acknowledgement never is of a message that came after it.
        settle_acks(&mut state, intake)?;
        self.broker.follow(core, &self.seat, &mut state, intake.now);
        core.take_owed();
        let refused = !intake.owed.is_empty() && self.broker.keeper().is_some_and(Keeper::is_refusing);
        if refused {
            core.counters.refused_store.add(intake.run.len());
        } else {
            intake.taking().try_for_each(|packet_id| state.session.receive(packet_id).map(drop))?;
        }
        self.broker.follow(core, &self.seat, &mut state, intake.now);
        self.finish_turn(core, state);
        match refused {
            true if !self.connection.version().is_v5() => Err(End::overloaded()),
            true => Ok(Taken::Refused),
            false => Ok(Taken::In),
        }
    }

    /// A refused QoS 2 publish is over: its identifier is free again [MQTT5-4.3.3-9].
    fn forget(&self, core: &mut Core, intake: &Intake<'_>) {
        // Whoever has the session by now.
        let mut state = self.seat.lock();
        for packet_id in intake.taking() {
            let _ = state.session.release(packet_id);
        }
        self.broker.follow(core, &self.seat, &mut state, intake.now);
    }
}

/// Whether the identifiers of a run were taken in.
enum Taken {
    In,
    Refused,
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
