//! The in-flight table: the packet identifiers of the QoS 1 and 2 deliveries that the client has not completed, and the
//! acknowledgement that each of them awaits. The table neither sends packets nor manages the send quota.

use std::collections::VecDeque;

use tidegate_mqtt::{PacketId, QoS};

use crate::stored_delivery::StoredDelivery;

mod sender;
mod slot;

pub(crate) use sender::{Action, Event, State};
pub(crate) use slot::Slot;

/// The in-flight table. Packet identifiers are assigned in sequence and wrap around. `slots` holds a window of that
/// sequence, which begins at the oldest open identifier. When the window is full, its oldest slot moves to
/// `stragglers`. This limits the length of the window, and a message that is never acknowledged does not block the
/// others. `[MQTT5-2.2.1-4]` `[MQTT3-2.3.1-4]`
#[derive(Debug)]
pub(crate) struct Inflight {
    slots: VecDeque<Slot>,
    /// Packet identifier of the first slot in the window.
    first_id: PacketId,
    /// Packet identifier after the last slot in the window.
    next_id: PacketId,
    open_count: u16,
    /// Open slots that are older than the window, oldest first.
    stragglers: Vec<(PacketId, Slot)>,
    /// Number of PUBRECs received so far. PUBRELs are resent in the order of their PUBRECs. `[MQTT3-4.6.0-4]`
    pubrec_count: u32,
}

/// The result of applying an acknowledgement to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AckOutcome {
    pub(crate) action: Action,
    /// Whether this acknowledgement gives quota back: the delivery counted against the send quota and is now complete.
    pub(crate) frees_quota: bool,
    /// The message id under which the session's change log records the delivery; 0 if the delivery is not recorded.
    pub(crate) message_id: u64,
    /// For [`Action::Release`]: the position of the delivery in the order of PUBRECs.
    pub(crate) order: u32,
}

impl Default for Inflight {
    fn default() -> Self {
        Self {
            slots: VecDeque::new(),
            first_id: PacketId::MIN,
            next_id: PacketId::MIN,
            open_count: 0,
            stragglers: Vec::new(),
            pubrec_count: 0,
        }
    }
}

impl Inflight {
    /// Returns the identifier that the next [`Inflight::open`] will use. The caller ensures that at most
    /// [`INFLIGHT_MAX`] identifiers are open.
    pub(crate) fn reserve(&mut self) -> PacketId {
        if self.slots.len() >= WINDOW_MAX {
            self.move_oldest_to_stragglers();
        }
        while self.is_straggler(self.next_id) {
            self.append_slot(Slot::Closed);
            self.trim_window();
        }
        self.next_id
    }

    /// Opens the reserved identifier for a delivery. The function is inlined so that `stored` is constructed in place,
    /// not copied.
    #[inline(always)]
    pub(crate) fn open(&mut self, stored: StoredDelivery) {
        self.open_count += 1;
        self.append_slot(Slot::Published(stored));
    }

    /// Opens the reserved identifier for a QoS 1 message that is not stored, because the message will never be resent.
    #[inline]
    pub(crate) fn open_untracked(&mut self) {
        self.open_count += 1;
        self.append_slot(Slot::Untracked);
    }

    /// Applies an acknowledgement according to the sender's state table.
    pub(crate) fn handle_event(&mut self, id: PacketId, event: Event) -> AckOutcome {
        let releases = self.pubrec_count;
        let Some(slot) = self.slot_mut(id) else {
            return AckOutcome { action: State::Free.on(event), frees_quota: false, message_id: 0, order: 0 };
        };
        let action = slot.state().on(event);
        let (counted, message_id) = (slot.counts_against_quota(), slot.message_id());
        match action {
            Action::Complete => {
                *slot = Slot::Closed;
                self.after_close();
            }
            Action::Release => {
                *slot = Slot::Released { order: releases, counted, message_id };
                self.pubrec_count = releases.wrapping_add(1);
            }
            _ => {}
        }
        AckOutcome { action, frees_quota: counted && action == Action::Complete, message_id, order: releases }
    }

    /// Begins a connection: no message counts against the quota of a connection on which nothing was sent yet.
    pub(crate) fn begin_connection(&mut self) {
        for slot in self.stragglers.iter_mut().map(|(_, slot)| slot).chain(&mut self.slots) {
            slot.reset_counted();
        }
    }

    /// Returns the message under this identifier if the identifier awaits PUBACK or PUBREC.
    pub(crate) fn published_mut(&mut self, id: PacketId) -> Option<&mut StoredDelivery> {
        match self.slot_mut(id)? {
            Slot::Published(stored) => Some(stored),
            Slot::Closed | Slot::Untracked | Slot::Released { .. } => None,
        }
    }

    /// Returns whether this identifier awaits PUBCOMP.
    pub(crate) fn is_released(&mut self, id: PacketId) -> bool {
        matches!(self.slot_mut(id), Some(Slot::Released { .. }))
    }

    /// Restores the open identifiers from a store. `open` must be sorted oldest first; the table assigns new
    /// identifiers that follow the last open identifier.
    pub(crate) fn restore(&mut self, open: Vec<(PacketId, Slot)>, pubrec_count: u32) {
        let next = open.last().map_or(PacketId::MIN, |(id, _)| id.next());
        *self = Self {
            first_id: next,
            next_id: next,
            open_count: u16::try_from(open.len()).unwrap_or(u16::MAX),
            stragglers: open,
            pubrec_count,
            ..Self::default()
        };
    }

    /// Closes an identifier, regardless of the acknowledgement that it awaits.
    pub(crate) fn close(&mut self, id: PacketId) {
        let Some(slot) = self.slot_mut(id) else { return };
        if matches!(slot, Slot::Closed) {
            return;
        }
        *slot = Slot::Closed;
        self.after_close();
    }

    /// Updates the count of open identifiers and the window after one slot was closed.
    fn after_close(&mut self) {
        self.open_count -= 1;
        if !self.stragglers.is_empty() {
            self.stragglers.retain(|(_, slot)| !matches!(slot, Slot::Closed));
        }
        self.trim_window();
    }

    /// Empties the table, and returns the messages that await PUBACK or PUBREC, oldest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = StoredDelivery> + use<> {
        let whole = core::mem::take(self);
        let stragglers = whole.stragglers.into_iter().map(|(_, slot)| slot);
        stragglers.chain(whole.slots).filter_map(|slot| match slot {
            Slot::Published(stored) => Some(stored),
            Slot::Closed | Slot::Untracked | Slot::Released { .. } => None,
        })
    }

    /// Returns the number of open identifiers.
    pub(crate) fn len(&self) -> u16 {
        self.open_count
    }

    /// Returns the number of open identifiers whose message is not stored.
    pub(crate) fn untracked_len(&self) -> usize {
        self.iter().filter(|(_, slot)| matches!(slot, Slot::Untracked)).count()
    }

    /// Returns whether a QoS 2 exchange is in progress.
    pub(crate) fn has_exactly_once(&self) -> bool {
        self.iter().any(|(_, slot)| match slot {
            Slot::Published(stored) => stored.qos == QoS::ExactlyOnce,
            Slot::Released { .. } => true,
            Slot::Closed | Slot::Untracked => false,
        })
    }

    /// Returns the identifiers whose PUBLISH has to be resent on resume, oldest first. `[MQTT5-4.4.0-1]`
    /// `[MQTT5-4.6.0-5]`
    pub(crate) fn published(&self) -> impl Iterator<Item = PacketId> {
        self.iter().filter(|(_, slot)| matches!(slot, Slot::Published(_))).map(|(id, _)| id)
    }

    /// Returns the identifiers whose PUBREL has to be resent on resume, in the order of their PUBRECs.
    /// `[MQTT5-4.3.3-5]`
    pub(crate) fn released(&self) -> Vec<PacketId> {
        let released = self.iter().filter_map(|(id, slot)| match slot {
            // The order of PUBRECs is relative to the current count, because the count of PUBRECs may have wrapped
            // around.
            Slot::Released { order, .. } => Some((order.wrapping_sub(self.pubrec_count), id)),
            Slot::Closed | Slot::Untracked | Slot::Published(_) => None,
        });
        let mut released: Vec<_> = released.collect();
        released.sort_unstable();
        released.into_iter().map(|(_, id)| id).collect()
    }

    /// Returns the number of bytes allocated by the table itself, without messages.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.stragglers.capacity() * size_of::<(PacketId, Slot)>()
    }

    #[inline(always)]
    fn append_slot(&mut self, slot: Slot) {
        self.slots.push_back(slot);
        self.next_id = self.next_id.next();
    }

    /// Moves the oldest slot out of the window, and removes the closed slots that follow it.
    fn move_oldest_to_stragglers(&mut self) {
        if let Some(slot) = self.slots.pop_front() {
            self.stragglers.push((self.first_id, slot));
            self.first_id = self.first_id.next();
        }
        self.trim_window();
    }

    /// Removes closed slots at the front of the window, and frees the buffer of an empty window if the buffer is large.
    fn trim_window(&mut self) {
        while let Some(Slot::Closed) = self.slots.front() {
            self.slots.pop_front();
            self.first_id = self.first_id.next();
        }
        if self.slots.is_empty() && self.slots.capacity() > IDLE_SLOTS_MAX {
            self.slots = VecDeque::new();
        }
    }

    fn slot_mut(&mut self, id: PacketId) -> Option<&mut Slot> {
        if self.is_straggler(id) {
            return self.stragglers.iter_mut().find(|(straggler, _)| *straggler == id).map(|(_, slot)| slot);
        }
        self.slots.get_mut(distance(self.first_id, id))
    }

    fn is_straggler(&self, id: PacketId) -> bool {
        self.stragglers.iter().any(|(straggler, _)| *straggler == id)
    }

    fn iter(&self) -> impl Iterator<Item = (PacketId, &Slot)> {
        let ids = std::iter::successors(Some(self.first_id), |id| Some(id.next()));
        let window = ids.zip(&self.slots);
        self.stragglers.iter().map(|(id, slot)| (*id, slot)).chain(window)
    }
}

/// Returns the distance from `first` to `id` in the sequence of identifiers, which skips 0.
fn distance(first: PacketId, id: PacketId) -> usize {
    let ahead = usize::from(id.get());
    let behind = usize::from(first.get());
    if ahead >= behind { ahead - behind } else { ahead + usize::from(u16::MAX) - behind }
}

/// Maximum number of open identifiers, and the upper bound of [`crate::Config::inflight_max`]: the length of a full
/// window.
pub(crate) const INFLIGHT_MAX: u16 = 16_384;
/// Number of bytes of a slot.
#[cfg(test)]
pub(crate) const SLOT_SIZE: usize = size_of::<Slot>();

/// Maximum length of the window, in identifiers. When the window is full, its oldest open identifiers move to a list of
/// stragglers, so that a client that never acknowledges one message does not make the window span all identifiers.
const WINDOW_MAX: usize = 16_384;

/// Maximum number of slots for which an empty window keeps memory: enough for most clients. An empty window with more
/// memory frees its memory, so that an idle session does not keep the memory of its busiest moment.
const IDLE_SLOTS_MAX: usize = 64;

#[cfg(test)]
mod tests;
