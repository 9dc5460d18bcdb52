//! Delays the PUBLISH and PUBREL packets of QoS 2 exchanges until the store has committed the state behind them.
//!
//! PUBLISH waits for the commit of its packet identifier. Otherwise, after a crash, the session could send another
//! message under that identifier, and the client would discard it as a repeat. PUBREL waits for the commit of the
//! PUBREC, because the client forgets the identifier after PUBREL. Otherwise, after a crash, the session would send the
//! message again, and the client would accept it twice. `[MQTT5-4.3.3-10]` `[MQTT5-4.3.3-12]`

use std::time::Instant;

use tidegate_mqtt::PacketId;

use crate::awaiting_commit::AwaitingPacket;

use super::Session;

impl Session {
    /// Sets the commit for the packets delayed since the last call. These packets wait for `commit`, or for the commit
    /// of the packet before them if that commit is later.
    pub fn set_commit(&mut self, commit: u64) {
        if let Some(awaiting_commit) = &mut self.awaiting_commit {
            awaiting_commit.set_commit_before_position(u64::MAX, commit);
        }
    }

    /// Returns the position that the next packet that waits for a commit will have among those of this connection.
    #[must_use]
    pub fn next_awaiting_position(&self) -> u64 {
        self.awaiting_commit.as_ref().map_or(0, |awaiting_commit| awaiting_commit.next_position())
    }

    /// Like [`Session::set_commit`], but only for the packets before `position`.
    pub fn set_commit_before_position(&mut self, position: u64, commit: u64) {
        if let Some(awaiting_commit) = &mut self.awaiting_commit {
            awaiting_commit.set_commit_before_position(position, commit);
        }
    }

    /// Returns whether a delayed packet has no commit yet; the caller then has to call [`Session::set_commit`]. Always
    /// false without [`crate::Config::change_log`].
    #[must_use]
    pub fn has_unset_commit(&self) -> bool {
        self.awaiting_commit.as_ref().is_some_and(|awaiting_commit| awaiting_commit.has_unset_commit())
    }

    /// Returns the commit that the first delayed packet waits for.
    #[must_use]
    pub fn first_commit(&self) -> Option<u64> {
        self.awaiting_commit.as_ref()?.first_commit()
    }

    /// Returns the commit that the last delayed packet waits for.
    #[must_use]
    pub fn last_commit(&self) -> Option<u64> {
        self.awaiting_commit.as_ref()?.last_commit()
    }

    /// Writes, in order, the packets that wait for commit `committed` or an earlier commit. A packet whose delivery has
    /// been completed in the meantime is skipped.
    pub fn release_committed(&mut self, committed: u64, now: Instant) {
        let mut dropped = false;
        while let Some(packet) =
            self.awaiting_commit.as_mut().and_then(|awaiting_commit| awaiting_commit.pop(committed))
        {
            let AwaitingPacket::One(id) = packet else {
                self.resend_all(now);
                continue;
            };
            if self.inflight.is_released(id) {
                self.send_release(id);
            } else if self.inflight.published_mut(id).is_some() && !self.write_publish(id, false, now) {
                self.quota.give_back();
                dropped = true;
            }
        }
        if dropped {
            self.send_waiting(now);
        }
    }

    /// Returns whether a QoS 2 exchange with the client is in progress. [`Session::resume`] resends the packets of such
    /// an exchange without waiting for a commit, so their state must already be committed; otherwise, call
    /// [`Session::resume_after_commit`].
    #[must_use]
    pub fn has_exactly_once(&self) -> bool {
        self.inflight.has_exactly_once()
    }

    /// Returns the total size of the PUBLISH packets that wait for a commit, in bytes; 0 if and only if no PUBLISH
    /// waits.
    pub(super) fn bytes_awaiting_commit(&self) -> usize {
        self.awaiting_commit.as_ref().map_or(0, |awaiting_commit| awaiting_commit.bytes())
    }

    /// Returns whether all packets to resend wait for a commit.
    pub(super) fn awaits_resends(&self) -> bool {
        self.awaiting_commit.as_ref().is_some_and(|awaiting_commit| awaiting_commit.has_resends())
    }

    pub(super) fn send_after_commit(&mut self, id: PacketId, size: usize) {
        self.awaiting_commit.get_or_insert_default().push(id, size);
    }

    /// Sends PUBREL after the next commit. `again` is true if the client repeated its PUBREC. In this case, no second
    /// packet is added if one with this identifier already waits.
    pub(super) fn send_release_after_commit(&mut self, id: PacketId, again: bool) {
        if !(again
            && self.awaiting_commit.as_ref().is_some_and(|awaiting_commit| awaiting_commit.contains(id)))
        {
            self.send_after_commit(id, 0);
        }
    }
}
