//! Receives messages from the client: remembers QoS 2 packet identifiers until the client releases them, and enforces
//! our Receive Maximum.

use tidegate_mqtt::{PacketId, ReasonCode};

use crate::change_log::Change;
use crate::received::Received;
use crate::violation::Violation;

use super::Session;

impl Session {
    /// Records an inbound QoS 2 PUBLISH, and returns whether it is new or a repeat. When the caller refuses the
    /// message (PUBREC of 0x80 or more), it calls [`Session::release`] to forget the identifier. `[MQTT5-4.3.3-9]`
    /// `[MQTT5-4.3.3-10]`
    ///
    /// # Errors
    /// When the client exceeds our Receive Maximum (0x93).
    pub fn receive(&mut self, id: PacketId) -> Result<Received, Violation> {
        let maximum = self.announced_maximum();
        let received = self.receiving.get_or_insert_default().receive(id, maximum)?;
        if received == Received::New {
            self.record(Change::Received(id));
        }
        Ok(received)
    }

    /// Returns whether an inbound QoS 2 PUBLISH is new or a repeat, without recording a new one: the caller does that
    /// with [`Session::receive`] when it delivers the message. `pending` is the number of new messages that came
    /// before this one and are not recorded yet.
    ///
    /// # Errors
    /// When the client exceeds our Receive Maximum (0x93).
    pub fn recognise(&mut self, id: PacketId, pending: u16) -> Result<Received, Violation> {
        let maximum = self.announced_maximum();
        self.receiving.get_or_insert_default().recognise(id, pending, maximum)
    }

    /// Handles an inbound PUBREL: forgets the identifier, and returns the reason for PUBCOMP, 0x00 or 0x92.
    /// `[MQTT5-4.3.3-11]` `[MQTT5-3.7.2-1]`
    pub fn release(&mut self, id: PacketId) -> ReasonCode {
        let Some(receiving) = &mut self.receiving else { return ReasonCode::PacketIdentifierNotFound };
        let reason = receiving.release(id);
        if reason == ReasonCode::Success {
            self.record(Change::Forgotten(id));
        }
        reason
    }

    /// Counts an inbound QoS 1 PUBLISH against our Receive Maximum until [`Session::puback_sent`]. Call it when
    /// PUBACK is delayed, for example until a commit; it is not needed when PUBACK is sent at once. `[MQTT5-3.3.4-7]`
    ///
    /// # Errors
    /// When the client exceeds our Receive Maximum (0x93).
    pub fn withhold_puback(&mut self) -> Result<(), Violation> {
        let maximum = self.announced_maximum();
        self.receiving.get_or_insert_default().withhold_puback(maximum)
    }

    /// The delayed PUBACK of one [`Session::withhold_puback`] on this connection was sent.
    pub fn puback_sent(&mut self) {
        if let Some(receiving) = &mut self.receiving {
            receiving.puback_sent();
        }
    }

    /// The Receive Maximum that CONNACK announced to the client; only MQTT 5 has one.
    fn announced_maximum(&self) -> u16 {
        if self.outbox.version.is_v5() { self.config.receive_maximum.max(1) } else { u16::MAX }
    }
}
