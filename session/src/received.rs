//! Packet identifiers of QoS 2 messages that the client has sent and not yet released, and how much of the broker's
//! Receive Maximum the client uses. The table holds no messages.
//!
//! ```text
//!           PUBLISH: new                PUBLISH: repeat
//!  Free ------------------> Received --------------------> Received
//!    ^                          |
//!    `------ PUBREL 0x00 -------'        Free -- PUBREL --> 0x92
//! ```

use tidegate_mqtt::{PacketId, ReasonCode};

use crate::violation::Violation;

/// Whether an inbound QoS 2 PUBLISH is new or a repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The first PUBLISH with its packet identifier. The message has to be delivered and acknowledged.
    New,
    /// A repeated PUBLISH. The message has to be acknowledged but not delivered again. `[MQTT5-4.3.3-10]`
    Repeat,
}

/// The receiver's table of open QoS 2 packet identifiers.
#[derive(Debug, Default)]
pub(crate) struct InboundPacketIds {
    /// Sorted by packet identifier.
    entries: Vec<Entry>,
    /// Number of messages that count against the broker's Receive Maximum on this connection.
    counted_len: u16,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: PacketId,
    /// Whether the message was received on this connection. Every connection begins with a full quota.
    /// `[MQTT5-4.9.0-1]`
    is_counted: bool,
}

impl InboundPacketIds {
    /// Records an inbound QoS 2 PUBLISH. `[MQTT5-4.3.3-10]` `[MQTT5-3.3.4-7]`
    pub(crate) fn receive(&mut self, id: PacketId, maximum: u16) -> Result<Received, Violation> {
        let position = self.entries.binary_search_by_key(&id, |entry| entry.id);
        let counted =
            position.ok().and_then(|index| self.entries.get_mut(index)).map(|entry| &mut entry.is_counted);
        if counted.as_deref() != Some(&true) {
            take_quota(&mut self.counted_len, maximum)?;
        }
        if let Some(counted) = counted {
            *counted = true;
            return Ok(Received::Repeat);
        }
        self.entries.insert(position.unwrap_or_else(|index| index), Entry { id, is_counted: true });
        Ok(Received::New)
    }

    /// Returns whether an inbound QoS 2 PUBLISH is new, without recording a new one. `pending` is the number of new
    /// messages that were received before it and are not recorded yet.
    pub(crate) fn recognise(
        &mut self,
        id: PacketId,
        pending: u16,
        maximum: u16,
    ) -> Result<Received, Violation> {
        if self.entries.binary_search_by_key(&id, |entry| entry.id).is_ok() {
            return self.receive(id, maximum.saturating_sub(pending));
        }
        if self.counted_len.saturating_add(pending) >= maximum {
            return Err(Violation::ReceiveMaximumExceeded);
        }
        Ok(Received::New)
    }

    /// Handles an inbound PUBREL: the client may use the identifier for a new message. Returns the reason code for
    /// PUBCOMP. `[MQTT5-4.3.3-11]` `[MQTT5-4.3.3-12]`
    pub(crate) fn release(&mut self, id: PacketId) -> ReasonCode {
        let Ok(index) = self.entries.binary_search_by_key(&id, |entry| entry.id) else {
            return ReasonCode::PacketIdentifierNotFound;
        };
        if self.entries.remove(index).is_counted {
            self.counted_len = self.counted_len.saturating_sub(1);
        }
        if self.entries.is_empty() && self.entries.capacity() > IDLE_ENTRIES_MAX {
            self.entries = Vec::new();
        }
        ReasonCode::Success
    }

    /// Counts a QoS 1 PUBLISH whose PUBACK is delayed.
    pub(crate) fn withhold_puback(&mut self, maximum: u16) -> Result<(), Violation> {
        take_quota(&mut self.counted_len, maximum)
    }

    /// Records that a PUBACK delayed by [`InboundPacketIds::withhold_puback`] was sent.
    pub(crate) fn puback_sent(&mut self) {
        self.counted_len = self.counted_len.saturating_sub(1);
    }

    /// Restores the open identifiers from a store.
    pub(crate) fn restore(&mut self, mut ids: Vec<PacketId>) {
        ids.sort_unstable();
        self.entries = ids.into_iter().map(|id| Entry { id, is_counted: false }).collect();
    }

    /// Begins a connection: the client may use the whole Receive Maximum again.
    pub(crate) fn begin_connection(&mut self) {
        self.counted_len = 0;
        for entry in &mut self.entries {
            entry.is_counted = false;
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

fn take_quota(counted: &mut u16, maximum: u16) -> Result<(), Violation> {
    if *counted >= maximum {
        return Err(Violation::ReceiveMaximumExceeded);
    }
    *counted += 1;
    Ok(())
}

/// Maximum number of entries for which an empty table keeps memory: enough for most clients. An empty table with more
/// memory frees its memory, so that an idle session does not keep the memory of its busiest moment.
const IDLE_ENTRIES_MAX: usize = 64;
/// Number of bytes of an entry.
#[cfg(test)]
pub(crate) const ENTRY_SIZE: usize = size_of::<Entry>();

#[cfg(test)]
mod tests;
