//! Models the acknowledgements that a client sends for received messages: sections 4.3.2, 4.3.3 and 4.9 of MQTT 5.

use tidegate_mqtt::{Ack, AckKind, ReasonCode};

use super::{Model, Situation};

impl Model {
    /// Handles a PUBACK, PUBREC or PUBCOMP from a client.
    pub(super) fn acknowledge(&mut self, client: usize, ack: &Ack) {
        let id = ack.packet_id.get();
        let awaits = self.session_mut(client).outbound.inflight.get(&id).map(|message| message.awaits);
        match (awaits, ack.kind) {
            (Some(AckKind::PubRec), AckKind::PubRec) => self.receive_pubrec(client, ack),
            (Some(AckKind::PubAck), AckKind::PubAck) => {
                self.situations.note_if(ack.reason.is_error(), Situation::PubAckRefused);
                self.complete(client, id);
            }
            (Some(AckKind::PubComp), AckKind::PubComp) => self.complete(client, id),
            (Some(AckKind::PubComp), AckKind::PubRec) => {
                self.situations.note(Situation::PubRecRepeated);
                self.expect_release(client, id, ReasonCode::Success);
            }
            (Some(_), _) => return self.violate(client, ReasonCode::ProtocolError),
            (None, AckKind::PubRec) => {
                self.situations.note(Situation::PubRecUnknown);
                self.expect_release(client, id, ReasonCode::PacketIdentifierNotFound);
            }
            (None, _) => {}
        }
        self.send_waiting(client);
    }

    /// Marks all waiting messages for which there is room as due in this step.
    pub(super) fn send_waiting(&mut self, client: usize) {
        let now = self.now;
        self.session_mut(client).outbound.send_waiting(now);
        self.count_expired(client);
    }

    /// Counts the messages that the queue of a client dropped because they had expired.
    pub(super) fn count_expired(&mut self, client: usize) {
        let expired = self.session_mut(client).outbound.take_expired();
        self.account.totals.dropped_expired += expired;
        self.situations.note_if(expired > 0, Situation::MessageExpired);
    }

    /// Handles the first PUBREC of a message: the client has received the message or refuses it.
    fn receive_pubrec(&mut self, client: usize, ack: &Ack) {
        let id = ack.packet_id.get();
        if ack.reason.is_error() {
            self.situations.note(Situation::PubRecRefused);
            self.complete(client, id);
        } else {
            self.release(client, id);
        }
    }

    /// Records that the broker must send PUBREL. `[MQTT5-4.3.3-4]` `[MQTT5-3.6.2-1]`
    pub(super) fn expect_release(&mut self, client: usize, id: u16, reason: ReasonCode) {
        self.connection_mut(client).expect_ack(AckKind::PubRel, id, &[reason]);
    }

    /// Completes the delivery of a message, which then no longer counts against Receive Maximum. `[MQTT5-4.9.0-2]`
    fn complete(&mut self, client: usize, id: u16) {
        self.account.delivered += 1;
        self.cancel_resend(client, id);
        self.session_mut(client).outbound.inflight.remove(&id);
    }

    /// Records that the receiver has the message. The message counts against Receive Maximum until PUBCOMP.
    fn release(&mut self, client: usize, id: u16) {
        self.cancel_resend(client, id);
        let outbound = &mut self.session_mut(client).outbound;
        let order = outbound.next_order();
        if let Some(message) = outbound.inflight.get_mut(&id) {
            message.awaits = AckKind::PubComp;
            message.order = order;
        }
        self.expect_release(client, id, ReasonCode::Success);
    }

    /// Removes an acknowledged message from the messages that must be sent again. `[MQTT5-4.3.3-6]`
    fn cancel_resend(&mut self, client: usize, id: u16) {
        let resends = &mut self.session_mut(client).outbound.resends;
        let before = resends.len();
        resends.retain(|resend| *resend != id);
        let was_waiting = resends.len() < before;
        self.situations.note_if(was_waiting, Situation::AckBeforeResend);
    }
}
