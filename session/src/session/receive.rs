//! Messages from the client: QoS 2 identifiers until they are released, and our Receive Maximum.

use tidegate_mqtt::{PacketId, ReasonCode};

use crate::change_log::Change;
use crate::received::Received;
use crate::violation::Violation;

use super::Session;

impl Session {
    /// An inbound QoS 2 PUBLISH: whether it is the first of its identifier. One that is refused (PUBREC of 0x80 or
    /// more) is forgotten by [`Session::release`]. `[MQTT5-4.3.3-9]` `[MQTT5-4.3.3-10]`
    ///
    /// # Errors
    /// When the client has more messages open than our Receive Maximum allows (0x93).
    pub fn receive(&mut self, id: PacketId) -> Result<Received, Violation> {
        let maximum = self.announced_maximum();
        let received = self.receiving.get_or_insert_default().receive(id, maximum)?;
        if received == Received::New {
            self.record(Change::Received(id));
        }
        Ok(received)
    }

    /// What an inbound QoS 2 PUBLISH is, before it is taken in: [`Session::receive`] does that, in the moment in which the message
    /// goes its way. `pending` new ones came before it and are not taken in yet.
    ///
    /// # Errors
    /// When the client has more messages open than our Receive Maximum allows (0x93).
    pub fn recognise(&mut self, id: PacketId, pending: u16) -> Result<Received, Violation> {
        let maximum = self.announced_maximum();
        self.receiving.get_or_insert_default().recognise(id, pending, maximum)
    }

    /// An inbound PUBREL: the reason for the PUBCOMP, 0x00 or 0x92. `[MQTT5-4.3.3-11]` `[MQTT5-3.7.2-1]`
    pub fn release(&mut self, id: PacketId) -> ReasonCode {
        let Some(receiving) = &mut self.receiving else { return ReasonCode::PacketIdentifierNotFound };
        let reason = receiving.release(id);
        if reason == ReasonCode::Success {
            self.record(Change::Forgotten(id));
        }
        reason
    }

    /// An inbound QoS 1 PUBLISH whose PUBACK has to wait, for a commit say: it counts against our Receive Maximum
    /// until [`Session::puback_sent`]. Not needed where PUBACK follows at once. `[MQTT5-3.3.4-7]`
    ///
    /// # Errors
    /// When the client has more messages open than our Receive Maximum allows (0x93).
    pub fn withhold_puback(&mut self) -> Result<(), Violation> {
        let maximum = self.announced_maximum();
        self.receiving.get_or_insert_default().withhold_puback(maximum)
    }

    /// The PUBACK of a [`Session::withhold_puback`] of this connection was sent.
    pub fn puback_sent(&mut self) {
        if let Some(receiving) = &mut self.receiving {
            receiving.puback_sent();
        }
    }

    /// Only MQTT 5 clients have been told a Receive Maximum.
    fn announced_maximum(&self) -> u16 {
        if self.outbox.version.is_v5() { self.config.receive_maximum.max(1) } else { u16::MAX }
    }
}
