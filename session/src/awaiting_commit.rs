//! The list of PUBLISH and PUBREL packets that wait for a commit of the store, in order. The list does not write
//! packets.

use std::collections::VecDeque;

use tidegate_mqtt::PacketId;

/// The waiting packets, oldest first.
///
/// Invariant: commit numbers never decrease along the list, and packets without a commit are at its end.
#[derive(Debug, Default)]
pub(crate) struct AwaitingCommit {
    waiting: VecDeque<WaitingPacket>,
    /// Total size in bytes of the waiting PUBLISH packets.
    bytes: usize,
    /// Number of packets that were removed since the connection began.
    removed: u64,
}

#[derive(Debug)]
struct WaitingPacket {
    /// Number of the commit that the packet waits for; `None` until [`AwaitingCommit::set_commit_before_position`] sets
    /// it.
    commit: Option<u64>,
    packet: AwaitingPacket,
    /// Size in bytes of a PUBLISH; 0 for PUBREL and for resends.
    size: usize,
}

/// What waits for the commit: one packet, or all packets to resend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AwaitingPacket {
    /// The PUBLISH or PUBREL with this packet identifier.
    One(PacketId),
    /// All packets that have to be resent when a connection begins. This entry is always the first of its connection.
    Resends,
}

impl AwaitingCommit {
    pub(crate) fn push(&mut self, packet_id: PacketId, size: usize) {
        self.bytes += size;
        self.waiting.push_back(WaitingPacket { commit: None, packet: AwaitingPacket::One(packet_id), size });
    }

    pub(crate) fn push_resends(&mut self) {
        self.waiting.push_back(WaitingPacket { commit: None, packet: AwaitingPacket::Resends, size: 0 });
    }

    /// Returns whether the packets to resend still wait for their commit.
    pub(crate) fn has_resends(&self) -> bool {
        self.waiting.front().is_some_and(|waiting| waiting.packet == AwaitingPacket::Resends)
    }

    /// Returns the position of the packet that is appended next, counted from the beginning of the connection.
    pub(crate) fn next_position(&self) -> u64 {
        self.removed + u64::try_from(self.waiting.len()).unwrap_or(u64::MAX)
    }

    /// Sets the commit of all packets before `position` that have no commit yet. These packets get `commit`, or the
    /// commit of the packet before them if that commit is later.
    pub(crate) fn set_commit_before_position(&mut self, position: u64, commit: u64) {
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

    /// Returns the commit of the first packet.
    pub(crate) fn first_commit(&self) -> Option<u64> {
        self.waiting.front()?.commit
    }

    /// Returns the commit of the last packet.
    pub(crate) fn last_commit(&self) -> Option<u64> {
        self.waiting.back()?.commit
    }

    /// Removes and returns the first packet if its commit is not later than `committed`.
    pub(crate) fn pop(&mut self, committed: u64) -> Option<AwaitingPacket> {
        self.first_commit().filter(|commit| *commit <= committed)?;
        let packet = self.waiting.pop_front()?;
        self.removed += 1;
        self.bytes -= packet.size;
        Some(packet.packet)
    }

    /// Returns whether a packet with this packet identifier waits for a commit.
    pub(crate) fn contains(&self, packet_id: PacketId) -> bool {
        self.waiting.iter().any(|packet| packet.packet == AwaitingPacket::One(packet_id))
    }

    /// Returns the total size of the waiting PUBLISH packets, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        size_of::<Self>() + self.waiting.capacity() * size_of::<WaitingPacket>()
    }
}
