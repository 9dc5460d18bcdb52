//! Receives messages from the client: records QoS 2 packet identifiers until the client releases them, and enforces the
//! broker's Receive Maximum.

use tidegate_mqtt::{PacketId, ReasonCode};

use crate::change_log::Change;
use crate::received::Received;
use crate::violation::Violation;

use super::Session;

impl Session {
    /// Records an inbound QoS 2 PUBLISH, and returns whether it is new or a repeat. If the caller refuses the message
    /// (PUBREC of 0x80 or above), the caller has to call [`Session::release`] to remove the identifier.
    /// `[MQTT5-4.3.3-9]` `[MQTT5-4.3.3-10]`
    ///
    /// # Errors
    /// Returns a violation if the client exceeds the broker's Receive Maximum (0x93).
    pub fn receive(&mut self, id: PacketId) -> Result<Received, Violation> {
        let maximum = self.announced_maximum();
        let received = self.receiving.get_or_insert_default().receive(id, maximum)?;
        if received == Received::New {
            self.record_change(Change::Received(id));
        }
        Ok(received)
    }

    /// Returns whether an inbound QoS 2 PUBLISH is new or a repeat, without recording a new one: the caller records it
    /// with [`Session::receive`] when it delivers the message. `pending` is the number of new messages that were
    /// received before this one and are not recorded yet.
    ///
    /// # Errors
    /// Returns a violation if the client exceeds the broker's Receive Maximum (0x93).
    pub fn recognise(&mut self, id: PacketId, pending: u16) -> Result<Received, Violation> {
        let maximum = self.announced_maximum();
        self.receiving.get_or_insert_default().recognise(id, pending, maximum)
    }

    /// Handles an inbound PUBREL: removes the identifier, and returns the reason code for PUBCOMP, 0x00 or 0x92 (Packet
    /// identifier not found). `[MQTT5-4.3.3-11]` `[MQTT5-3.7.2-1]`
    pub fn release(&mut self, id: PacketId) -> ReasonCode {
        let Some(receiving) = &mut self.receiving else { return ReasonCode::PacketIdentifierNotFound };
        let reason = receiving.release(id);
        if reason == ReasonCode::Success {
            self.record_change(Change::ReceivedReleased(id));
        }
        reason
    }

    /// Counts an inbound QoS 1 PUBLISH against the broker's Receive Maximum until [`Session::puback_sent`]. Call this
    /// function only if PUBACK is delayed, for example until a commit, not if PUBACK is sent immediately.
    /// `[MQTT5-3.3.4-7]`
    ///
    /// # Errors
    /// Returns a violation if the client exceeds the broker's Receive Maximum (0x93).
    pub fn withhold_puback(&mut self) -> Result<(), Violation> {
        let maximum = self.announced_maximum();
        self.receiving.get_or_insert_default().withhold_puback(maximum)
    }

    /// Records that a PUBACK delayed with [`Session::withhold_puback`] on this connection was sent.
    pub fn puback_sent(&mut self) {
        if let Some(receiving) = &mut self.receiving {
            receiving.puback_sent();
        }
    }

    /// Returns the Receive Maximum that CONNACK announced to the client. Before MQTT 5 there is none, and the result is
    /// `u16::MAX`.
    fn announced_maximum(&self) -> u16 {
        if self.outbox.version.is_v5() { self.config.receive_maximum.max(1) } else { u16::MAX }
    }
}
