//! Acknowledgements of a client for what it was sent: sections 4.3.2, 4.3.3 and 4.9 of MQTT 5.

use tidegate_mqtt::{Ack, AckKind, ReasonCode};

use super::outbound::Awaits;
use super::{Model, Situation};

impl Model {
    /// PUBACK, PUBREC or PUBCOMP.
    pub(super) fn acknowledge(&mut self, client: usize, ack: &Ack) {
        let id = ack.packet_id.get();
        let awaits = self.session_mut(client).outbound.flights.get(&id).map(|flight| flight.awaits);
        match (awaits, ack.kind) {
            (Some(Awaits::Received), AckKind::PubRec) => self.receive_pubrec(client, ack),
            (Some(Awaits::Acknowledged), AckKind::PubAck) => {
                self.seen.note_if(ack.reason.is_error(), Situation::PubAckRefused);
                self.complete(client, id);
            }
            (Some(Awaits::Completed), AckKind::PubComp) => self.complete(client, id),
            (Some(Awaits::Completed), AckKind::PubRec) => {
                self.seen.note(Situation::PubRecRepeated);
                self.expect_release(client, id, ReasonCode::Success);
            }
            (Some(_), _) => return self.violate(client, ReasonCode::ProtocolError),
            (None, AckKind::PubRec) => {
                self.seen.note(Situation::PubRecUnknown);
                self.expect_release(client, id, ReasonCode::PacketIdentifierNotFound);
            }
            (None, _) => {}
        }
        self.session_mut(client).outbound.pump();
    }

    /// The client has the message or does not want it.
    fn receive_pubrec(&mut self, client: usize, ack: &Ack) {
        let id = ack.packet_id.get();
        if ack.reason.is_error() {
            self.seen.note(Situation::PubRecRefused);
            self.complete(client, id);
        } else {
            self.release(client, id);
        }
    }

    /// PUBREL has to come. `[MQTT5-4.3.3-4]` `[MQTT5-3.6.2-1]`
    pub(super) fn expect_release(&mut self, client: usize, id: u16, reason: ReasonCode) {
        self.connection_mut(client).expect_ack(AckKind::PubRel, id, &[reason]);
    }

    /// The delivery is over, and so is its part of Receive Maximum. `[MQTT5-4.9.0-2]`
    fn complete(&mut self, client: usize, id: u16) {
        self.account.delivered += 1;
        self.forget_resend(client, id);
        self.session_mut(client).outbound.flights.remove(&id);
    }

    /// The receiver has the message; it stays open until PUBCOMP, and keeps its part of Receive Maximum.
    fn release(&mut self, client: usize, id: u16) {
        self.forget_resend(client, id);
        let outbound = &mut self.session_mut(client).outbound;
        let order = outbound.next_order();
        if let Some(flight) = outbound.flights.get_mut(&id) {
            flight.awaits = Awaits::Completed;
            flight.order = order;
        }
        self.expect_release(client, id, ReasonCode::Success);
    }

    /// What is acknowledged is not sent again. `[MQTT5-4.3.3-6]`
    fn forget_resend(&mut self, client: usize, id: u16) {
        let resends = &mut self.session_mut(client).outbound.resends;
        let before = resends.len();
        resends.retain(|resend| *resend != id);
        let was_waiting = resends.len() < before;
        self.seen.note_if(was_waiting, Situation::AckBeforeResend);
    }
}
