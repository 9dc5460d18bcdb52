//! QoS 2 messages received and not yet released by the client, and its use of our Receive Maximum. Holds no messages.
//!
//! ```text
//!           PUBLISH: new                PUBLISH: repeat
//!  Free ------------------> Received --------------------> Received
//!    ^                          |
//!    `------ PUBREL 0x00 -------'        Free -- PUBREL --> 0x92
//! ```

use tidegate_mqtt::{PacketId, ReasonCode};

use crate::violation::Violation;

/// What an inbound QoS 2 PUBLISH is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The first of its identifier: to be delivered.
    New,
    /// A repeat: to be acknowledged, not delivered. `[MQTT5-4.3.3-10]`
    Repeat,
}

/// Identifiers received, in order of their value.
#[derive(Debug, Default)]
pub(crate) struct Receiving {
    entries: Vec<Entry>,
    /// Messages that count against our Receive Maximum on this connection.
    counted: u16,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: PacketId,
    /// Whether it came on this connection: the quota starts anew with each. `[MQTT5-4.9.0-1]`
    counted: bool,
}

impl Receiving {
    /// An inbound QoS 2 PUBLISH. `[MQTT5-4.3.3-10]` `[MQTT5-3.3.4-7]`
    pub(crate) fn receive(&mut self, id: PacketId, maximum: u16) -> Result<Received, Violation> {
        let place = self.entries.binary_search_by_key(&id, |entry| entry.id);
        let counted =
            place.ok().and_then(|index| self.entries.get_mut(index)).map(|entry| &mut entry.counted);
        if counted.as_deref() != Some(&true) {
            take_quota(&mut self.counted, maximum)?;
        }
        if let Some(counted) = counted {
            *counted = true;
            return Ok(Received::Repeat);
        }
        self.entries.insert(place.unwrap_or_else(|index| index), Entry { id, counted: true });
        Ok(Received::New)
    }

    /// What an inbound QoS 2 PUBLISH is, while `pending` new ones before it are not taken in yet. A new one is not taken in by
    /// this.
    pub(crate) fn recognise(
        &mut self,
        id: PacketId,
        pending: u16,
        maximum: u16,
    ) -> Result<Received, Violation> {
        if self.entries.binary_search_by_key(&id, |entry| entry.id).is_ok() {
            return self.receive(id, maximum.saturating_sub(pending));
        }
        if self.counted.saturating_add(pending) >= maximum {
            return Err(Violation::ReceiveMaximumExceeded);
        }
        Ok(Received::New)
    }

    /// An inbound PUBREL: the identifier is free for a new message. `[MQTT5-4.3.3-11]` `[MQTT5-4.3.3-12]`
    pub(crate) fn release(&mut self, id: PacketId) -> ReasonCode {
        let Ok(index) = self.entries.binary_search_by_key(&id, |entry| entry.id) else {
            return ReasonCode::PacketIdentifierNotFound;
        };
        if self.entries.remove(index).counted {
            self.counted = self.counted.saturating_sub(1);
        }
        if self.entries.is_empty() && self.entries.capacity() > IDLE_ENTRIES_MAX {
            self.entries = Vec::new();
        }
        ReasonCode::Success
    }

    /// A QoS 1 PUBLISH whose PUBACK has to wait.
    pub(crate) fn withhold_puback(&mut self, maximum: u16) -> Result<(), Violation> {
        take_quota(&mut self.counted, maximum)
    }

    /// The PUBACK of a [`Receiving::withhold_puback`] left.
    pub(crate) fn puback_sent(&mut self) {
        self.counted = self.counted.saturating_sub(1);
    }

    /// Puts back the identifiers that were open when they were last written down.
    pub(crate) fn restore(&mut self, mut ids: Vec<PacketId>) {
        ids.sort_unstable();
        self.entries = ids.into_iter().map(|id| Entry { id, counted: false }).collect();
    }

    /// A new connection: the quota starts anew.
    pub(crate) fn begin_connection(&mut self) {
        self.counted = 0;
        for entry in &mut self.entries {
            entry.counted = false;
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

/// Entries whose memory an empty table may keep.
const IDLE_ENTRIES_MAX: usize = 64;

#[cfg(test)]
mod tests;
