//! Sends messages to the client: directly to the write buffer, or through the queue.

use std::time::Instant;

use tidegate_limits::{Decision, OutOfMemory};
use tidegate_mqtt::{Ack, Packet, PacketId, QoS};

use crate::inflight::INFLIGHT_MAX;
use crate::stored_delivery::{Delivery, StoredDelivery};
use crate::verdict::{DropReason, Verdict};

use super::Session;
use super::lifecycle::Lifecycle;

impl Session {
    /// Delivers a message. A QoS 0 message is sent immediately or dropped; a QoS 1 or 2 message is sent immediately or
    /// queued. An expired message is dropped. `[MQTT5-3.3.2-5]` `[MQTT5-4.5.0-1]` `[MQTT3-3.1.2-5]`
    pub fn push(&mut self, delivery: &Delivery<'_>, now: Instant) -> Verdict {
        if delivery.message.is_expired(now) {
            return self.drop_message(DropReason::Expired, 1);
        }
        if delivery.qos == QoS::AtMostOnce {
            return self.push_qos_0(delivery, now);
        }
        if !self.has_room() || self.has_backlog() {
            return self.enqueue(delivery, now);
        }
        match self.transmit(delivery, now) {
            Err(DROP_WITHOUT_MEMORY) => self.enqueue(delivery, now),
            Err(reason) => self.drop_message(reason, 1),
            Ok(packet_id) => {
                let stored = self.store(delivery, Some(packet_id));
                self.inflight.open(stored);
                Verdict::Sent
            }
        }
    }

    /// Writes a control packet to the client. Returns false if no connection is attached, or if the packet exceeds the
    /// client's Maximum Packet Size even without reason string and user properties. `[MQTT5-3.1.2-24]`
    /// `[MQTT5-3.1.2-29]`
    ///
    /// # Errors
    /// When there is not enough memory for a SUBACK or UNSUBACK with many reason codes. Nothing is written, so the
    /// connection has to end.
    pub fn send(&mut self, packet: &Packet) -> Result<bool, OutOfMemory> {
        if self.is_attached() { self.outbox.put_packet(packet) } else { Ok(false) }
    }

    /// Writes an acknowledgement to the client. Returns false in the same cases as [`Session::send`].
    pub fn send_ack(&mut self, ack: &Ack) -> bool {
        self.is_attached() && self.outbox.put_ack(ack)
    }

    /// Moves messages to the write buffer, as many as quota, [`Config::inflight_max`] and
    /// [`Config::pending_bytes_high`] allow: first the messages to resend, then the queue. Call this function after
    /// bytes of the write buffer were written to the socket. `[MQTT5-4.6.0-5]`
    ///
    /// [`Config::inflight_max`]: crate::Config::inflight_max
    /// [`Config::pending_bytes_high`]: crate::Config::pending_bytes_high
    pub fn send_waiting(&mut self, now: Instant) {
        if self.resends.is_empty() && self.queue.is_none() || self.awaits_resends() {
            return;
        }
        self.resend_waiting(now);
        while self.has_room()
            && self.has_memory_for_queue()
            && let Some(stored) = self.queue.as_mut().and_then(|queue| queue.pop())
        {
            self.transmit_queued(stored, now);
        }
        self.queue.take_if(|queue| queue.len() == 0 && queue.capacity() > IDLE_QUEUE_MAX);
    }

    fn resend_waiting(&mut self, now: Instant) {
        while self.can_write(1)
            && self.outbox.write_buffer.reserve(COPIED_MAX)
            && let Some(id) = self.resends.pop()
        {
            self.resend(id, now);
        }
    }

    /// Queues a message. A session that has ended drops the message: for a short time after its end, the router may
    /// still deliver to the session.
    fn enqueue(&mut self, delivery: &Delivery<'_>, now: Instant) -> Verdict {
        if self.lifecycle == Lifecycle::Ended {
            return self.drop_message(DropReason::Ended, 1);
        }
        let stored = self.store(delivery, None);
        let queue = self.queue.get_or_insert_default();
        queue.push(stored, &self.config, now, &mut self.drops, &mut self.change_log)
    }

    fn push_qos_0(&mut self, delivery: &Delivery<'_>, now: Instant) -> Verdict {
        if !self.resumed {
            return self.drop_message(DropReason::Offline, 1);
        }
        let mut outgoing = delivery.outgoing(now);
        match self.outbox.plan(&mut outgoing) {
            Err(reason) => self.drop_message(reason, 1),
            Ok(size) => {
                let waiting = self.outbox.write_buffer.len();
                let is_written = self.config.output_limits().admit_qos_0(waiting, size) == Decision::Admit
                    && self.outbox.put(delivery.message, &outgoing, size);
                // If there is no memory for the write buffer, the client also counts as too slow.
                if is_written { Verdict::Sent } else { self.drop_message(DropReason::Slow, 1) }
            }
        }
    }

    fn transmit_queued(&mut self, mut stored: StoredDelivery, now: Instant) {
        let transmitted = if stored.message.is_expired(now) {
            Err(DropReason::Expired)
        } else {
            self.transmit(&stored.delivery(), now)
        };
        match transmitted {
            Err(reason) => {
                self.drops.add(reason, 1);
                self.record_done(stored.message_id());
            }
            Ok(packet_id) => {
                stored.sent = true;
                self.record_sent(&stored, packet_id);
                self.inflight.open(stored);
            }
        }
    }

    /// Sends a message at QoS 1 or 2 for the first time, under the identifier that the in-flight table opens next. With
    /// a store, a QoS 2 message waits for [`Session::release_committed`], and so do QoS 1 messages sent after that
    /// message. A message that is too large uses up neither an identifier nor quota. `[MQTT5-3.1.2-25]`
    /// `[MQTT5-4.3.2-2]` `[MQTT5-4.3.3-2]`
    #[inline]
    fn transmit(&mut self, delivery: &Delivery<'_>, now: Instant) -> Result<PacketId, DropReason> {
        let mut outgoing = delivery.outgoing(now);
        let size = self.outbox.plan(&mut outgoing)?;
        let packet_id = self.inflight.reserve();
        outgoing.packet_id = Some(packet_id);
        if self.config.change_log && (delivery.qos == QoS::ExactlyOnce || self.bytes_awaiting_commit() > 0) {
            self.send_after_commit(packet_id, size);
        } else if !self.outbox.put(delivery.message, &outgoing, size) {
            return Err(DROP_WITHOUT_MEMORY);
        }
        self.quota.take();
        Ok(packet_id)
    }

    /// Resends a message with DUP and its original identifier. The message no longer expires. `[MQTT5-3.3.1-1]`
    /// `[MQTT5-4.3.3-7]` `[MQTT3-3.3.1-1]`
    fn resend(&mut self, id: PacketId, now: Instant) {
        if self.write_publish(id, true, now) {
            self.quota.take();
        }
    }

    /// Writes the PUBLISH of a message that awaits PUBACK or PUBREC. Returns false if no message with this identifier
    /// awaits PUBACK or PUBREC, if there is not enough memory, or if the packet is too large; a message that is too
    /// large is dropped.
    pub(super) fn write_publish(&mut self, id: PacketId, dup: bool, now: Instant) -> bool {
        let Some(stored) = self.inflight.published_mut(id) else { return false };
        let delivery = stored.delivery();
        let mut outgoing = delivery.outgoing(now);
        outgoing.dup = dup;
        outgoing.packet_id = Some(id);
        match self.outbox.plan(&mut outgoing) {
            Ok(size) => {
                // If there is not enough memory, the message stays in flight and is sent again on the next connection.
                let is_written = self.outbox.put(delivery.message, &outgoing, size);
                stored.sent |= is_written;
                is_written
            }
            Err(reason) => {
                let message_id = stored.message_id();
                self.inflight.close(id);
                self.drops.add(reason, 1);
                self.record_done(message_id);
                false
            }
        }
    }

    /// Whether there is enough memory to write the next message of the queue. If not, the message stays in the queue.
    fn has_memory_for_queue(&mut self) -> bool {
        let head_len = self.queue.as_ref().map_or(0, |queue| queue.head_len());
        self.outbox.write_buffer.reserve(head_len + COPIED_MAX)
    }

    /// Returns whether `count` QoS 1 or 2 PUBLISH packets may be written to this connection. `[MQTT5-3.3.4-9]`
    fn can_write(&self, count: usize) -> bool {
        let waiting = self.outbox.write_buffer.len() + self.bytes_awaiting_commit();
        self.resumed
            && usize::from(self.quota.left) >= count
            && self.config.output_limits().admit_queued(waiting) == Decision::Admit
    }

    /// Returns whether quota, [`Config::inflight_max`] and [`Config::pending_bytes_high`] allow one more QoS 1 or 2
    /// message to be sent now.
    ///
    /// [`Config::inflight_max`]: crate::Config::inflight_max
    /// [`Config::pending_bytes_high`]: crate::Config::pending_bytes_high
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.has_room_for(1)
    }

    /// Like [`Session::has_room`], but for `count` messages.
    pub(super) fn has_room_for(&self, count: usize) -> bool {
        let inflight_max = usize::from(self.config.inflight_max.clamp(1, INFLIGHT_MAX));
        self.can_write(count) && usize::from(self.inflight.len()) + count <= inflight_max
    }

    /// Returns whether messages wait that must be sent before any new message. `[MQTT5-4.6.0-5]`
    pub(super) fn has_backlog(&self) -> bool {
        !self.resends.is_empty() || self.queued() > 0 || self.awaits_resends()
    }

    pub(super) fn drop_message(&mut self, reason: DropReason, count: u32) -> Verdict {
        self.drops.add(reason, count.into());
        Verdict::Dropped(reason)
    }
}

/// The reason for dropping a message if there is not enough memory for the write buffer. The client then counts as too
/// slow, because the buffer contains bytes that it has not read.
const DROP_WITHOUT_MEMORY: DropReason = DropReason::Slow;
/// Maximum number of bytes of a message that are copied to the write buffer, without topic and subscription
/// identifiers. It covers what `COPY_MAX` allows for payload and properties, and the rest of the packet.
const COPIED_MAX: usize = 3 * 1024;
/// Maximum size in bytes of an empty queue that is kept. A larger empty queue is freed. Keeping a queue saves
/// allocations for a client that is sometimes slow.
const IDLE_QUEUE_MAX: usize = 2048;
