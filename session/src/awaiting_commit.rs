//! The PUBLISH and PUBREL packets that wait for a commit of the store, in order. It writes nothing itself.

use std::collections::VecDeque;

use tidegate_mqtt::PacketId;

/// The waiting packets, oldest first.
///
/// Invariant: commit numbers never decrease along the list, and packets without a commit are at its end.
#[derive(Debug, Default)]
pub(crate) struct AwaitingCommit {
    waiting: VecDeque<WaitingPacket>,
    bytes: usize,
    /// Packets that were removed since the beginning.
    removed: u64,
}

#[derive(Debug)]
struct WaitingPacket {
    /// The number of the commit that it waits for; `None` until it is known.
    commit: Option<u64>,
    packet: Packet,
    size: usize,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// The PUBLISH or PUBREL with this packet identifier.
    One(PacketId),
    /// Everything that has to be resent on a connection that has just begun. It is the first that waits there.
    Resends,
}

impl AwaitingCommit {
    pub(crate) fn push(&mut self, packet_id: PacketId, size: usize) {
        self.bytes += size;
        self.waiting.push_back(WaitingPacket { commit: None, packet: Packet::One(packet_id), size });
    }

    pub(crate) fn push_resends(&mut self) {
        self.waiting.push_back(WaitingPacket { commit: None, packet: Packet::Resends, size: 0 });
    }

    /// Whether what has to be resent still waits.
    pub(crate) fn has_resends(&self) -> bool {
        self.waiting.front().is_some_and(|waiting| waiting.packet == Packet::Resends)
    }

    /// The position of the next packet, counted from the beginning.
    pub(crate) fn next_position(&self) -> u64 {
        self.removed + u64::try_from(self.waiting.len()).unwrap_or(u64::MAX)
    }

    /// Sets the commit of all packets before `position` that have none: `commit`, or the commit of the packet before them
    /// if that is later.
    pub(crate) fn set_commit_before(&mut self, position: u64, commit: u64) {
        let count = usize::try_from(position.saturating_sub(self.removed)).unwrap_or(usize::MAX);
        let unset = self.waiting.iter().rev().take_while(|packet| packet.commit.is_none()).count();
        let set = self.waiting.len() - unset;
        let previous = set.checked_sub(1).and_then(|last| self.waiting.get(last)?.commit);
        let commit = commit.max(previous.unwrap_or(0));
        let named = count.saturating_sub(set);
        self.waiting.iter_mut().skip(set).take(named).for_each(|packet| packet.commit = Some(commit));
    }

    pub(crate) fn has_unset_commit(&self) -> bool {
        self.waiting.back().is_some_and(|packet| packet.commit.is_none())
    }

    /// The commit of the first packet.
    pub(crate) fn first_commit(&self) -> Option<u64> {
        self.waiting.front()?.commit
    }

    /// The commit of the last packet.
    pub(crate) fn last_commit(&self) -> Option<u64> {
        self.waiting.back()?.commit
    }

    /// Removes the first packet if its commit is at most `committed`, and returns what it is.
    pub(crate) fn pop(&mut self, committed: u64) -> Option<Packet> {
        self.first_commit().filter(|commit| *commit <= committed)?;
        let packet = self.waiting.pop_front()?;
        self.removed += 1;
        self.bytes -= packet.size;
        Some(packet.packet)
    }

    /// Whether a packet with this packet identifier waits.
    pub(crate) fn contains(&self, packet_id: PacketId) -> bool {
        self.waiting.iter().any(|packet| packet.packet == Packet::One(packet_id))
    }

    /// Total size of the waiting PUBLISH packets, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        size_of::<Self>() + self.waiting.capacity() * size_of::<WaitingPacket>()
    }
}
