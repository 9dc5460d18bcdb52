//! What a read brought is carried out: acknowledgements, then the publishes, then our answers, which may have to wait for
//! the store.

use std::sync::Arc;

use parking_lot::MutexGuard;
use tidegate_mqtt::{Ack, AckKind, QoS, ReasonCode};

use super::read_batch::ReadBatch;
use super::{Driver, End};
use crate::broker::{Published, SessionStore, State};
use crate::cores::Core;

impl Driver {
    /// Carries out all that the read brought so far.
    pub(super) fn apply(&mut self, core: &mut Core, read_batch: &mut ReadBatch<'_>) -> Result<(), End> {
        self.apply_publishes(core, read_batch)?;
        if read_batch.acks.is_empty() && read_batch.replies.is_empty() {
            return Ok(());
        }
        let handle = Arc::clone(&self.handle);
        let mut state = handle.own(self.epoch).ok_or_else(End::taken_over)?;
        SessionStore::lend(core, &mut state.session);
        apply_acks(&mut state, read_batch)?;
        self.broker.save_changes(core, &handle, &mut state, read_batch.now);
        self.answer_all(core, &mut state, &mut read_batch.replies, read_batch.now)?;
        self.finish_turn(core, state);
        Ok(())
    }

    /// Counts what was dropped, and has what waits written.
    fn finish_turn(&self, core: &mut Core, mut state: MutexGuard<'_, State>) {
        core.counters.add_drops(&state.session.take_drops());
        let waits = !state.session.write_buffer().is_empty();
        drop(state);
        if waits {
            core.mark_dirty(&self.handle);
        }
    }

    /// Publishes the run. What a QoS 2 publish changes here and elsewhere is kept together: else, after a crash, its repeat would
    /// be known and gone, or new and there already.
    pub(super) fn apply_publishes(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'_>,
    ) -> Result<(), End> {
        if read_batch.batch.is_empty() {
            return Ok(());
        }
        let broker = Arc::clone(&self.broker);
        let _whole =
            broker.store().filter(|_| read_batch.taking().next().is_some()).map(SessionStore::atomic_scope);
        let taken = self.take_in_packet_ids(core, read_batch);
        if taken.is_err() {
            read_batch.batch.clear();
            read_batch.owed.clear();
        }
        let published = match taken? {
            Taken::Refused => Published::Refused,
            Taken::In => broker.publish(
                core,
                &self.handle,
                self.connection.version(),
                &read_batch.batch,
                read_batch.now,
            ),
        };
        read_batch.batch.clear();
        if published == Published::Delivered {
            self.affinity_group = core.routes.receiver().unwrap_or(self.affinity_group);
        }
        let reason = reason_for(published);
        if reason.is_error() {
            self.forget(core, read_batch);
        }
        let commit = core.take_owed();
        for (packet_id, qos) in read_batch.owed.drain(..) {
            let kind = if qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
            read_batch.replies.push((commit, Ack::new(kind, packet_id, reason)));
        }
        Ok(())
    }

    /// Takes in the identifiers of the run's QoS 2 publishes: part of what is acknowledged. While the store has no room, what
    /// has to be acknowledged is refused: 0x97, and before 5.0, which has no word for it, the end of the connection.
    fn take_in_packet_ids(&mut self, core: &mut Core, read_batch: &mut ReadBatch<'_>) -> Result<Taken, End> {
        // A connection that was taken over changes nothing any more, not even by what it sent before it hears of it.
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        // An acknowledgement never is of a message that came after it.
        apply_acks(&mut state, read_batch)?;
        self.broker.save_changes(core, &self.handle, &mut state, read_batch.now);
        core.take_owed();
        let refused =
            !read_batch.owed.is_empty() && self.broker.store().is_some_and(SessionStore::is_refusing);
        if refused {
            core.counters.refused_store.add(read_batch.batch.len());
        } else {
            read_batch.taking().try_for_each(|packet_id| state.session.receive(packet_id).map(drop))?;
        }
        self.broker.save_changes(core, &self.handle, &mut state, read_batch.now);
        self.finish_turn(core, state);
        match refused {
            true if !self.connection.version().is_v5() => Err(End::overloaded()),
            true => Ok(Taken::Refused),
            false => Ok(Taken::In),
        }
    }

    /// A refused QoS 2 publish is over: its identifier is free again [MQTT5-4.3.3-9].
    fn forget(&self, core: &mut Core, read_batch: &ReadBatch<'_>) {
        // Whoever has the session by now.
        let mut state = self.handle.lock();
        for packet_id in read_batch.taking() {
            let _ = state.session.release(packet_id);
        }
        self.broker.save_changes(core, &self.handle, &mut state, read_batch.now);
    }
}

/// Whether the identifiers of a run were taken in.
enum Taken {
    In,
    Refused,
}

/// Carries out the acknowledgements by the client that the read brought so far.
fn apply_acks(state: &mut State, read_batch: &mut ReadBatch<'_>) -> Result<(), End> {
    for ack in read_batch.acks.drain(..) {
        state.session.handle_ack(&ack, read_batch.now)?;
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
