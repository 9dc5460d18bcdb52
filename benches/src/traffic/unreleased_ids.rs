//! Which packet ids of a subscriber have been received at QoS 2 and not yet released.

use std::collections::HashSet;

/// The packet ids between PUBREC and PUBREL.
#[derive(Debug, Default)]
pub(super) struct UnreleasedIds {
    open: HashSet<u16, foldhash::fast::FixedState>,
    faults: u64,
}

impl UnreleasedIds {
    /// A message came under this id. Another one under it before it is released is a fault.
    pub(super) fn receive(&mut self, packet_id: u16) {
        self.faults += u64::from(!self.open.insert(packet_id));
    }

    /// PUBREL came. One for an id that is not open is a fault.
    pub(super) fn release(&mut self, packet_id: u16) {
        self.faults += u64::from(!self.open.remove(&packet_id));
    }

    /// True when every message has been released.
    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// Ids that came twice, were released without need, or were never released.
    pub(super) fn faults(&self) -> u64 {
        self.faults + crate::number::count(self.open.len())
    }
}

#[cfg(test)]
mod tests;
