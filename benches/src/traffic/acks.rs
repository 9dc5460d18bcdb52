//! Which packet ids of a publisher wait for which acknowledgement, since when, and how long each took.

use crate::latencies::Latencies;
use crate::wire::scan::RawPacket;
use crate::wire::{build, packet_type};

/// What a packet id waits for. Times are nanoseconds of the run's clock at which the message was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaiting {
    /// It is free.
    Nothing,
    /// PUBACK, or at QoS 2 PUBREC.
    Answer(u64),
    /// PUBCOMP.
    Completion(u64),
}

/// The packet ids of one publisher.
#[derive(Debug)]
pub(super) struct Acks {
    ids: Vec<Awaiting>,
    open: u64,
    open_max: u64,
    qos: u8,
    faults: u64,
}

impl Acks {
    /// For messages at `qos` 1 or 2, of which `open_max` may be unacknowledged.
    pub(super) fn new(qos: u8, open_max: u16) -> Self {
        let ids = vec![Awaiting::Nothing; usize::from(u16::MAX) + 1];
        Self { ids, open: 0, open_max: u64::from(open_max), qos, faults: 0 }
    }

    /// Of the messages.
    pub(super) const fn qos(&self) -> u8 {
        self.qos
    }

    /// Messages that are not acknowledged.
    pub(super) const fn open(&self) -> u64 {
        self.open
    }

    /// Acknowledgements that were missing, wrong, or errors.
    pub(super) const fn faults(&self) -> u64 {
        self.faults + self.open
    }

    /// True when a message may be sent under this id.
    pub(super) fn has_room(&self, packet_id: u16) -> bool {
        self.open < self.open_max && self.ids.get(usize::from(packet_id)) == Some(&Awaiting::Nothing)
    }

    /// A message that was due at `due` goes out.
    pub(super) fn begin(&mut self, packet_id: u16, due: u64) {
        if let Some(id) = self.ids.get_mut(usize::from(packet_id)) {
            *id = Awaiting::Answer(due);
            self.open += 1;
        }
    }

    /// Enters an acknowledgement that came at `now`; what has to be answered is appended to `outgoing`. Reason codes below
    /// 0x80 are successes: 0x10 says that nobody had subscribed.
    pub(super) fn enter(
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
