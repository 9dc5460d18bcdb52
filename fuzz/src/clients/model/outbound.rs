//! Models the messages to one client: messages that wait, messages that must be written in this step, and messages that
//! the client has not completed.

use std::collections::{BTreeMap, VecDeque};

use tidegate_mqtt::{AckKind, Publish, QoS};
use tidegate_session::Overflow;

use super::message::{Message, MessageCopy};
use crate::clients::setup::Queue;

/// The messages to one client.
#[derive(Default)]
pub(in crate::clients) struct Outbound {
    inflight_max: usize,
    /// Receive Maximum of the client. `None` until CONNACK is sent on the present connection.
    receive_maximum: Option<usize>,
    /// The queue of messages. An expired message stays until it reaches the front, or until `sweep` removes it.
    pub(super) waiting: VecDeque<MessageCopy>,
    /// Copies that must be written in this step, in order.
    pub(super) due: Vec<MessageCopy>,
    /// Packet identifiers of messages that must be written again on this connection, oldest first.
    pub(super) resends: VecDeque<u16>,
    /// Packet identifiers of messages that must be written again in this step, in order.
    pub(super) resends_due: VecDeque<u16>,
    pub(super) inflight: BTreeMap<u16, InflightMessage>,
    /// Number of messages that were dropped from the queue as expired since the last [`Self::take_expired`].
    expired: u64,
    last_order: u64,
}

/// A message that the client has not completed.
pub(super) struct InflightMessage {
    pub(super) copy: MessageCopy,
    /// The acknowledgement that the client must send next.
    pub(super) awaits: AckKind,
    /// Whether the message was written on this connection, so that it counts against the Receive Maximum.
    pub(super) is_counted: bool,
    /// Position of the message in the order of first sending. After PUBREC, the position in the order of PUBRECs.
    pub(super) order: u64,
}

/// What happens to a new copy of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The copy must be written in this step.
    Due,
    Waits,
    /// The copy waits, and the oldest waiting message is dropped.
    DropsOldest,
    Expired,
    Offline,
    Full,
    Rejected,
}

impl Outbound {
    pub(super) fn new(inflight_max: u16) -> Self {
        Self { inflight_max: inflight_max.into(), ..Self::default() }
    }

    /// Begins the deliveries of a connection after CONNACK was sent. Returns the packet identifiers whose PUBREL must
    /// be sent again, in order. `[MQTT5-4.4.0-1]` `[MQTT5-4.6.0-1]` `[MQTT3-4.6.0-4]`
    pub(super) fn open(&mut self, receive_maximum: u16) -> Vec<u16> {
        self.receive_maximum = Some(receive_maximum.into());
        self.inflight.values_mut().for_each(|message| message.is_counted = false);
        let mut open: Vec<_> =
            self.inflight.iter().map(|(id, message)| (message.order, *id, message.awaits)).collect();
        open.sort_unstable_by_key(|(order, ..)| *order);
        let is_released = |(_, _, awaits): &&(u64, u16, AckKind)| *awaits == AckKind::PubComp;
        self.resends =
            open.iter().filter(|open_message| !is_released(open_message)).map(|(_, id, _)| *id).collect();
        open.iter().filter(is_released).map(|(_, id, _)| *id).collect()
    }

    /// Ends the deliveries of a connection.
    pub(super) fn close(&mut self) {
        self.receive_maximum = None;
        self.resends.clear();
    }

    /// Handles a new copy. A full queue first drops expired messages, then follows its overflow policy.
    pub(super) fn deliver(&mut self, copy: MessageCopy, now: u64, queue: Option<Queue>) -> Verdict {
        if copy.message.is_expired(now) {
            return Verdict::Expired;
        }
        if copy.qos == QoS::AtMostOnce {
            return if self.is_open() { self.write(copy) } else { Verdict::Offline };
        }
        if self.can_send_now() && self.resends.is_empty() && self.waiting.is_empty() {
            return self.write(copy);
        }
        if self.is_queue_full(queue) {
            self.sweep(now);
        }
        let is_queue_full = self.is_queue_full(queue);
        let verdict = queue.filter(|_| is_queue_full).map_or(Verdict::Waits, Queue::verdict);
        if verdict == Verdict::DropsOldest {
            self.waiting.pop_front();
        }
        if matches!(verdict, Verdict::Waits | Verdict::DropsOldest) {
            self.waiting.push_back(copy);
        }
        verdict
    }

    /// Marks all waiting messages for which there is room as due in this step. `[MQTT5-3.3.2-5]`
    pub(super) fn send_waiting(&mut self, now: u64) {
        while self.quota_left() > 0
            && let Some(id) = self.resends.pop_front()
        {
            self.resends_due.push_back(id);
        }
        while self.can_send_now()
            && let Some(copy) = self.waiting.pop_front()
        {
            if copy.message.is_expired(now) {
                self.expired += 1;
            } else {
                self.due.push(copy);
            }
        }
    }

    /// Drops expired messages from the queue. `[MQTT5-3.3.2-5]`
    pub(super) fn sweep(&mut self, now: u64) {
        let before = self.waiting.len();
        self.waiting.retain(|copy| !copy.message.is_expired(now));
        self.expired += (before - self.waiting.len()) as u64;
    }

    /// Returns the number of messages dropped from the queue as expired since the last call.
    pub(super) fn take_expired(&mut self) -> u64 {
        std::mem::take(&mut self.expired)
    }

    /// Records that a copy was written under this packet identifier.
    pub(super) fn record_sent(&mut self, id: u16, copy: MessageCopy) {
        assert!(self.quota_left() > 0, "more messages than Receive Maximum are in flight [MQTT5-3.3.4-9]");
        let awaits = if copy.qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
        let order = self.next_order();
        let former = self.inflight.insert(id, InflightMessage { copy, awaits, is_counted: true, order });
        assert!(former.is_none(), "packet identifier {id} is in use [MQTT5-2.2.1-4]");
    }

    pub(super) fn next_order(&mut self) -> u64 {
        self.last_order += 1;
        self.last_order
    }

    /// Returns the index of the first due copy with the topic and QoS of `publish`. No other copy of this topic and QoS
    /// may be sent earlier. `[MQTT5-4.6.0-6]`
    pub(super) fn next_of(&self, publish: &Publish) -> Option<usize> {
        let is_same = |copy: &MessageCopy| copy.message.topic == publish.topic && copy.qos == publish.qos;
        self.due.iter().position(is_same)
    }

    /// Returns whether CONNACK was sent on the present connection.
    pub(super) fn is_open(&self) -> bool {
        self.receive_maximum.is_some()
    }

    /// Returns whether a message at QoS 1 or 2 would be written immediately.
    pub(super) fn can_send_now(&self) -> bool {
        self.quota_left() > 0 && self.inflight_len() < self.inflight_max
    }

    /// Returns the number of messages at QoS 1 and 2 that the client has not completed.
    pub(super) fn inflight_len(&self) -> usize {
        self.inflight.len() + self.due_acknowledged()
    }

    /// Returns how many more PUBLISH packets at QoS 1 and 2 the client accepts.
    pub(super) fn quota_left(&self) -> usize {
        let counted = self.inflight.values().filter(|message| message.is_counted).count();
        let maximum = self.receive_maximum.unwrap_or(0);
        maximum.saturating_sub(counted + self.due_acknowledged() + self.resends_due.len())
    }

    /// Returns the packet identifiers of the messages in flight, and the acknowledgement that each message awaits.
    pub(in crate::clients) fn open_ids(&self) -> Vec<(u16, AckKind)> {
        self.inflight.iter().map(|(id, message)| (*id, message.awaits)).collect()
    }

    /// Returns the times at which waiting messages expire.
    pub(super) fn expiries(&self) -> impl Iterator<Item = u64> {
        self.waiting.iter().filter_map(|copy| copy.message.expires_at)
    }

    /// Returns whether a copy of `message` is due or waits that came through an ordinary subscription.
    pub(super) fn has_ordinary_copy(&self, message: &Message) -> bool {
        let mut copies = self.due.iter().chain(&self.waiting);
        copies.any(|copy| *copy.message == *message && copy.shared_filter.is_none())
    }

    fn due_acknowledged(&self) -> usize {
        self.due.iter().filter(|copy| copy.qos != QoS::AtMostOnce).count()
    }

    fn is_queue_full(&self, queue: Option<Queue>) -> bool {
        queue.is_some_and(|queue| self.waiting.len() >= queue.len_max)
    }

    fn write(&mut self, copy: MessageCopy) -> Verdict {
        self.due.push(copy);
        Verdict::Due
    }
}

impl Queue {
    /// Returns what happens to a new message when the queue is full.
    fn verdict(self) -> Verdict {
        match self.overflow {
            Overflow::DropNewest => Verdict::Full,
            Overflow::Reject => Verdict::Rejected,
            _ => Verdict::DropsOldest,
        }
    }
}
