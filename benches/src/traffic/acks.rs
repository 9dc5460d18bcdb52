//! Tracks which packet identifiers of a publisher await which acknowledgement, and measures how long each takes.

use crate::latencies::Latencies;
use crate::wire::scan::RawPacket;
use crate::wire::{build, packet_type};

/// The acknowledgement that a packet identifier awaits. The time is when the message was due, in nanoseconds of the run's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaiting {
    /// None: the packet identifier is free.
    Nothing,
    /// PUBACK, or at QoS 2 PUBREC.
    Answer(u64),
    /// PUBCOMP.
    Completion(u64),
}

/// The packet identifiers of one publisher.
#[derive(Debug)]
pub(super) struct Acks {
    ids: Vec<Awaiting>,
    open: u64,
    open_max: u64,
    qos: u8,
    faults: u64,
}

impl Acks {
    /// For messages at `qos` 1 or 2. At most `open_max` may be unacknowledged.
    pub(super) fn new(qos: u8, open_max: u16) -> Self {
        let ids = vec![Awaiting::Nothing; usize::from(u16::MAX) + 1];
        Self { ids, open: 0, open_max: u64::from(open_max), qos, faults: 0 }
    }

    /// QoS of the messages.
    pub(super) const fn qos(&self) -> u8 {
        self.qos
    }

    /// Number of unacknowledged messages.
    pub(super) const fn open(&self) -> u64 {
        self.open
    }

    /// Number of acknowledgements that are missing, were unexpected or reported an error.
    pub(super) const fn faults(&self) -> u64 {
        self.faults + self.open
    }

    /// True when a message may be sent with this packet identifier.
    pub(super) fn has_room(&self, packet_id: u16) -> bool {
        self.open < self.open_max && self.ids.get(usize::from(packet_id)) == Some(&Awaiting::Nothing)
    }

    /// Records that a message, which was due at `due`, is sent with this packet identifier.
    pub(super) fn begin(&mut self, packet_id: u16, due: u64) {
        if let Some(id) = self.ids.get_mut(usize::from(packet_id)) {
            *id = Awaiting::Answer(due);
            self.open += 1;
        }
    }

    /// Handles an acknowledgement that arrived at `now` and appends PUBREL to `outgoing` if it is due. Reason codes below 0x80 are
    /// successes, among them 0x10, No matching subscribers.
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
            (packet_type::PUBREC, 2, Awaiting::Answer(due)) if !refused => {
                *id = Awaiting::Completion(due);
                outgoing.extend_from_slice(&build::pubrel(packet_id));
            }
            (packet_type::PUBACK, 1, Awaiting::Answer(due))
            | (packet_type::PUBREC, 2, Awaiting::Answer(due))
            | (packet_type::PUBCOMP, 2, Awaiting::Completion(due)) => {
                *id = Awaiting::Nothing;
                self.open -= 1;
                self.faults += u64::from(refused);
                latency.record(now.saturating_sub(due));
            }
            _ => self.faults += 1,
        }
    }
}

#[cfg(test)]
mod tests;
