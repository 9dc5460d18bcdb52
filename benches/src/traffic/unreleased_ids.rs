//! Tracks the packet identifiers that a subscriber has received at QoS 2 and that are not released yet.

use std::collections::HashSet;

/// The packet identifiers for which PUBREC was sent and PUBREL has not arrived.
#[derive(Debug, Default)]
pub(super) struct UnreleasedIds {
    unreleased: HashSet<u16, foldhash::fast::FixedState>,
    faults: u64,
}

impl UnreleasedIds {
    /// Records a message with this packet identifier. Reusing an identifier before its PUBREL is a fault.
    pub(super) fn receive(&mut self, packet_id: u16) {
        self.faults += u64::from(!self.unreleased.insert(packet_id));
    }

    /// Records a PUBREL. A PUBREL whose packet identifier is not in use is a fault.
    pub(super) fn release(&mut self, packet_id: u16) {
        self.faults += u64::from(!self.unreleased.remove(&packet_id));
    }

    /// Returns whether PUBREL has arrived for every message.
    pub(super) fn is_complete(&self) -> bool {
        self.unreleased.is_empty()
    }

    /// Returns the number of packet identifiers that were reused too early, released without being in use, or never
    /// released.
    pub(super) fn faults(&self) -> u64 {
        self.faults + crate::number::count(self.unreleased.len())
    }
}

#[cfg(test)]
mod tests;
