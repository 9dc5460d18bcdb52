//! Tracks the packet identifiers that a subscriber has received at QoS 2 and that are not released yet.

use std::collections::HashSet;

/// The packet identifiers between PUBREC and PUBREL.
#[derive(Debug, Default)]
pub(super) struct UnreleasedIds {
    open: HashSet<u16, foldhash::fast::FixedState>,
    faults: u64,
}

impl UnreleasedIds {
    /// Records a message with this packet identifier. Reusing an identifier before its PUBREL is a fault.
    pub(super) fn receive(&mut self, packet_id: u16) {
        self.faults += u64::from(!self.open.insert(packet_id));
    }

    /// Records a PUBREL. It is a fault if the packet identifier is not in use.
    pub(super) fn release(&mut self, packet_id: u16) {
        self.faults += u64::from(!self.open.remove(&packet_id));
    }

    /// True when every message has been released.
    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// Number of packet identifiers that were reused too early, released without being in use, or never released.
    pub(super) fn faults(&self) -> u64 {
        self.faults + crate::number::count(self.open.len())
    }
}

#[cfg(test)]
mod tests;
