//! Handles the client's acknowledgements of messages that were sent to the client.

use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, PacketId, ReasonCode};

use crate::inflight::{Action, Event};
use crate::violation::Violation;

use super::Session;

impl Session {
    /// Handles PUBACK, PUBREC or PUBCOMP from the client: answers PUBREC with PUBREL, frees the packet identifier and
    /// the quota when the delivery is complete, and then sends queued messages. `[MQTT5-4.3.3-4]` `[MQTT5-4.4.0-2]`
    /// `[MQTT5-4.8.2-6]`
    ///
    /// # Errors
    /// Returns a violation if the kind of acknowledgement does not fit the QoS of the message. An unknown identifier is
    /// not an error: a repeated acknowledgement may arrive after the exchange is complete.
    pub fn handle_ack(&mut self, ack: &Ack, now: Instant) -> Result<(), Violation> {
        let Some(event) = Event::from_ack(ack) else { return Err(Violation::PacketOutOfPlace) };
        if !self.resumed {
            return Ok(());
        }
        let outcome = self.inflight.handle_event(ack.packet_id, event);
        if outcome.frees_quota {
            self.quota.give_back();
        }
        self.record_outcome(ack.packet_id, &outcome);
        match outcome.action {
            Action::Mismatch => return Err(Violation::WrongAcknowledgement),
            // The client forgets the identifier after PUBREL, so the store must commit the PUBREC before PUBREL is
            // sent.
            Action::Release | Action::Repeat if outcome.message_id > 0 => {
                self.send_release_after_commit(ack.packet_id, outcome.action == Action::Repeat);
            }
            Action::Release | Action::Repeat => self.send_release(ack.packet_id),
            Action::Unknown => {
                let reason = ReasonCode::PacketIdentifierNotFound;
                self.outbox.put_ack(&Ack::new(AckKind::PubRel, ack.packet_id, reason));
            }
            Action::Complete | Action::Ignore => {}
        }
        self.send_waiting(now);
        Ok(())
    }

    pub(super) fn send_release(&mut self, id: PacketId) {
        self.outbox.put_ack(&Ack::new(AckKind::PubRel, id, ReasonCode::Success));
    }
}
