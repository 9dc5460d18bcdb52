//! Tracks which acknowledgement each packet identifier of a publisher awaits, and measures how long the
//! acknowledgements take.

use crate::latencies::Latencies;
use crate::wire::scan::RawPacket;
use crate::wire::{build, packet_type};

/// The acknowledgement that a packet identifier awaits. The number is the time at which the message was due, in
/// nanoseconds of the run's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedAck {
    /// The packet identifier is free.
    Nothing,
    /// The message awaits PUBACK, or PUBREC at QoS 2.
    FirstAck(u64),
    /// The message awaits PUBCOMP.
    PubComp(u64),
}

/// The packet identifiers of one publisher.
#[derive(Debug)]
pub(super) struct AckTracker {
    /// What each packet identifier awaits. The index is the packet identifier.
    ids: Vec<ExpectedAck>,
    unacknowledged: u64,
    unacknowledged_max: u64,
    qos: u8,
    faults: u64,
}

impl AckTracker {
    /// Creates the tracker for messages at `qos` 1 or 2. At most `unacknowledged_max` messages may be unacknowledged.
    pub(super) fn new(qos: u8, unacknowledged_max: u16) -> Self {
        let ids = vec![ExpectedAck::Nothing; usize::from(u16::MAX) + 1];
        Self { ids, unacknowledged: 0, unacknowledged_max: u64::from(unacknowledged_max), qos, faults: 0 }
    }

    /// Returns the QoS of the messages.
    pub(super) const fn qos(&self) -> u8 {
        self.qos
    }

    /// Returns the number of unacknowledged messages.
    pub(super) const fn unacknowledged(&self) -> u64 {
        self.unacknowledged
    }

    /// Returns the number of acknowledgements that are missing, were unexpected or reported an error.
    pub(super) const fn faults(&self) -> u64 {
        self.faults + self.unacknowledged
    }

    /// Returns whether a message may be sent with this packet identifier.
    pub(super) fn can_send(&self, packet_id: u16) -> bool {
        self.unacknowledged < self.unacknowledged_max
            && self.ids.get(usize::from(packet_id)) == Some(&ExpectedAck::Nothing)
    }

    /// Records that a message is sent with this packet identifier. `due` is the time at which the message was due.
    pub(super) fn record_sent(&mut self, packet_id: u16, due: u64) {
        if let Some(id) = self.ids.get_mut(usize::from(packet_id)) {
            *id = ExpectedAck::FirstAck(due);
            self.unacknowledged += 1;
        }
    }

    /// Handles an acknowledgement that arrived at `now`, and appends a PUBREL to `outgoing` if the acknowledgement
    /// requires one. Reason codes below 0x80 are successes, among them 0x10 (No matching subscribers).
    pub(super) fn handle(
        &mut self,
        packet: &RawPacket<'_>,
        now: u64,
        latency: &mut Latencies,
        outgoing: &mut Vec<u8>,
    ) {
        let packet_id = packet.leading_id().unwrap_or_default();
        let refused = packet.body.get(2).is_some_and(|reason| *reason >= 0x80);
        let Some(id) = self.ids.get_mut(usize::from(packet_id)) else { return };
        match (packet.packet_type(), self.qos, *id) {
            (packet_type::PUBREC, 2, ExpectedAck::FirstAck(due)) if !refused => {
                *id = ExpectedAck::PubComp(due);
                outgoing.extend_from_slice(&build::pubrel(packet_id));
            }
            (packet_type::PUBACK, 1, ExpectedAck::FirstAck(due))
            | (packet_type::PUBREC, 2, ExpectedAck::FirstAck(due))
            | (packet_type::PUBCOMP, 2, ExpectedAck::PubComp(due)) => {
                *id = ExpectedAck::Nothing;
                self.unacknowledged -= 1;
                self.faults += u64::from(refused);
                latency.record(now.saturating_sub(due));
            }
            _ => self.faults += 1,
        }
    }
}

#[cfg(test)]
mod tests;
