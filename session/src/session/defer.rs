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
    pub fn stamp(&mut self, commit: u64) {
        if let Some(deferred) = &mut self.deferred {
            deferred.stamp(commit);
        }
    }

    /// Whether anything deferred has no commit to wait for yet: [`Session::stamp`] gives it one. Only with
    /// [`crate::Config::journal`].
    #[must_use]
    pub fn has_unstamped(&self) -> bool {
        self.deferred.as_ref().is_some_and(|deferred| deferred.has_unstamped())
    }

    /// The commit that the first of what is deferred waits for.
    #[must_use]
    pub fn waits_for(&self) -> Option<u64> {
        self.deferred.as_ref()?.waits_for()
    }

    /// The commit that the last of what is deferred waits for.
    #[must_use]
    pub fn waits_until(&self) -> Option<u64> {
        self.deferred.as_ref()?.waits_until()
    }

    /// Writes what waited for `committed` or earlier, in order, as far as it is still open.
    pub fn let_out(&mut self, committed: u64, now: Instant) {
        let mut dropped = false;
        while let Some(id) = self.deferred.as_mut().and_then(|deferred| deferred.pop(committed)) {
            if self.inflight.is_released(id) {
                self.send_release(id);
            } else if self.inflight.published_mut(id).is_some() && !self.write(id, false, now) {
                self.quota.give();
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
    pub(super) fn deferred_bytes(&self) -> usize {
        self.deferred.as_ref().map_or(0, |deferred| deferred.bytes())
    }

    pub(super) fn defer(&mut self, id: PacketId, size: usize) {
        self.deferred.get_or_insert_default().push(id, size);
    }

    /// PUBREL once what it rests on is kept; `again`: one that waits already is enough.
    pub(super) fn defer_release(&mut self, id: PacketId, again: bool) {
        if !(again && self.deferred.as_ref().is_some_and(|deferred| deferred.holds(id))) {
            self.defer(id, 0);
        }
    }
}
