//! What a QoS 2 exchange says only once the store keeps what it rests on.
//!
//! A PUBLISH that went out before its identifier is kept could be followed, after a crash, by another message under that
//! identifier, which the client takes for the same. After a PUBREL the client forgets the identifier: was it not kept
//! that PUBREC came, the message would go out again, and be taken twice. `[MQTT5-4.3.3-10]` `[MQTT5-4.3.3-12]`

use std::time::Instant;

use tidegate_mqtt::PacketId;

use super::Session;

impl Session {
    /// What is deferred since the last call waits for this commit, and never for an earlier one than what is before it.
    pub fn set_commit(&mut self, commit: u64) {
        if let Some(awaiting_commit) = &mut self.awaiting_commit {
            awaiting_commit.set_commit(commit);
        }
    }

    /// Whether anything deferred has no commit to wait for yet: [`Session::set_commit`] gives it one. Only with
    /// [`crate::Config::change_log`].
    #[must_use]
    pub fn has_unset_commit(&self) -> bool {
        self.awaiting_commit.as_ref().is_some_and(|awaiting_commit| awaiting_commit.has_unset_commit())
    }

    /// The commit that the first of what is deferred waits for.
    #[must_use]
    pub fn first_commit(&self) -> Option<u64> {
        self.awaiting_commit.as_ref()?.first_commit()
    }

    /// The commit that the last of what is deferred waits for.
    #[must_use]
    pub fn last_commit(&self) -> Option<u64> {
        self.awaiting_commit.as_ref()?.last_commit()
    }

    /// Writes what waited for `committed` or earlier, in order, as far as it is still open.
    pub fn release_committed(&mut self, committed: u64, now: Instant) {
        let mut dropped = false;
        while let Some(id) =
            self.awaiting_commit.as_mut().and_then(|awaiting_commit| awaiting_commit.pop(committed))
        {
            if self.inflight.is_released(id) {
                self.send_release(id);
            } else if self.inflight.published_mut(id).is_some() && !self.write_publish(id, false, now) {
                self.quota.give_back();
                dropped = true;
            }
        }
        if dropped {
            self.pump(now);
        }
    }

    /// Whether a QoS 2 exchange with the client is under way: what is sent again of it rests on what was kept.
    #[must_use]
    pub fn has_exactly_once(&self) -> bool {
        self.inflight.has_exactly_once()
    }

    /// Bytes of the messages that wait; more than 0 if any does.
    pub(super) fn bytes_awaiting_commit(&self) -> usize {
        self.awaiting_commit.as_ref().map_or(0, |awaiting_commit| awaiting_commit.bytes())
    }

    pub(super) fn send_after_commit(&mut self, id: PacketId, size: usize) {
        self.awaiting_commit.get_or_insert_default().push(id, size);
    }

    /// PUBREL once what it rests on is kept; `again`: one that waits already is enough.
    pub(super) fn send_release_after_commit(&mut self, id: PacketId, again: bool) {
        if !(again
            && self.awaiting_commit.as_ref().is_some_and(|awaiting_commit| awaiting_commit.contains(id)))
        {
            self.send_after_commit(id, 0);
        }
    }
}
