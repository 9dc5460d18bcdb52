//! PUBLISH and PUBREL packets that wait for their commit, in order. Writes nothing itself.

use std::collections::VecDeque;

use tidegate_mqtt::PacketId;

/// What waits, oldest first.
///
/// Invariant: commits never fall, and those without one are at the end.
#[derive(Debug, Default)]
pub(crate) struct AwaitingCommit {
    waiting: VecDeque<WaitingPacket>,
    bytes: usize,
}

#[derive(Debug)]
struct WaitingPacket {
    /// None until it is known.
    commit: Option<u64>,
    packet_id: PacketId,
    size: usize,
}

impl AwaitingCommit {
    pub(crate) fn push(&mut self, packet_id: PacketId, size: usize) {
        self.bytes += size;
        self.waiting.push_back(WaitingPacket { commit: None, packet_id, size });
    }

    /// Those without a commit wait for this one, or for that of the one before if it is later.
    pub(crate) fn set_commit(&mut self, commit: u64) {
        let unset = self.waiting.iter().rev().take_while(|packet| packet.commit.is_none()).count();
        let set = self.waiting.len() - unset;
        let before = set.checked_sub(1).and_then(|last| self.waiting.get(last)?.commit);
        let commit = commit.max(before.unwrap_or(0));
        self.waiting.iter_mut().skip(set).for_each(|packet| packet.commit = Some(commit));
    }

    pub(crate) fn has_unset_commit(&self) -> bool {
        self.waiting.back().is_some_and(|packet| packet.commit.is_none())
    }

    /// The commit of the first.
    pub(crate) fn first_commit(&self) -> Option<u64> {
        self.waiting.front()?.commit
    }

    /// The commit of the last.
    pub(crate) fn last_commit(&self) -> Option<u64> {
        self.waiting.back()?.commit
    }

    /// Takes the first if its commit is not above `committed`.
    pub(crate) fn pop(&mut self, committed: u64) -> Option<PacketId> {
        self.first_commit().filter(|commit| *commit <= committed)?;
        let packet = self.waiting.pop_front()?;
        self.bytes -= packet.size;
        Some(packet.packet_id)
    }

    /// Whether something of that identifier waits.
    pub(crate) fn contains(&self, packet_id: PacketId) -> bool {
        self.waiting.iter().any(|packet| packet.packet_id == packet_id)
    }

    /// Bytes that will be written.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        size_of::<Self>() + self.waiting.capacity() * size_of::<WaitingPacket>()
    }
}
