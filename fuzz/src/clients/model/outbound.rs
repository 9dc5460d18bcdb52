//! Messages to one client: those that wait, those that have to be written now, those that it has not completed.

use std::collections::{BTreeMap, VecDeque};

use tidegate_mqtt::{Publish, QoS};

use super::message::{Message, Owed};
use crate::clients::setup::Queue;

/// All messages on their way to a client.
#[derive(Default)]
pub(in crate::clients) struct Outbound {
    inflight_max: usize,
    /// Receive Maximum of the connection; none without a connection.
    receive_maximum: Option<usize>,
    pub(super) waiting: VecDeque<Owed>,
    /// To be written in this step, in order.
    pub(super) due: Vec<Owed>,
    /// To be written again on this connection, the oldest first.
    pub(super) resends: VecDeque<u16>,
    /// To be written again in this step, in order.
    pub(super) due_again: VecDeque<u16>,
    pub(super) flights: BTreeMap<u16, Flight>,
    /// Messages of groups that expired while they waited.
    pub(super) expired: Vec<Owed>,
    sent: u64,
}

/// A message that the client has not completed.
pub(super) struct Flight {
    pub(super) owed: Owed,
    pub(super) awaits: Awaits,
    /// Whether it was written on this connection, and so takes one of its Receive Maximum.
    pub(super) counted: bool,
    /// The place in the order of first sending; once PUBREC came, in the order of these.
    pub(super) order: u64,
}

/// What has to come next from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clients) enum Awaits {
    /// PUBACK.
    Acknowledged,
    /// PUBREC.
    Received,
    /// PUBCOMP.
    Completed,
}

/// What becomes of a new copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Due,
    Waits,
    /// It waits, and the oldest one is dropped for it.
    Displaces,
    Expired,
    Offline,
    Full,
    Rejected,
}

impl Outbound {
    pub(super) fn new(inflight_max: u16) -> Self {
        Self { inflight_max: inflight_max.into(), ..Self::default() }
    }

    /// A connection begins; gives the identifiers whose PUBREL has to be sent again, in order. `[MQTT5-4.4.0-1]`
    /// `[MQTT5-4.6.0-1]` `[MQTT3-4.6.0-4]`
    pub(super) fn open(&mut self, receive_maximum: u16) -> Vec<u16> {
        self.receive_maximum = Some(receive_maximum.into());
        self.flights.values_mut().for_each(|flight| flight.counted = false);
        let mut open: Vec<_> =
            self.flights.iter().map(|(id, flight)| (flight.order, *id, flight.awaits)).collect();
        open.sort_unstable_by_key(|(order, ..)| *order);
        let is_released = |(_, _, awaits): &&(u64, u16, Awaits)| *awaits == Awaits::Completed;
        self.resends = open.iter().filter(|one| !is_released(one)).map(|(_, id, _)| *id).collect();
        open.iter().filter(is_released).map(|(_, id, _)| *id).collect()
    }

    /// The connection is over.
    pub(super) fn close(&mut self) {
        self.receive_maximum = None;
        self.resends.clear();
    }

    /// A new copy. A full queue does what its policy says.
    pub(super) fn owe(&mut self, owed: Owed, now: u64, queue: Option<Queue>) -> Fate {
        if owed.message.is_expired(now) {
            return Fate::Expired;
        }
        if owed.qos == QoS::AtMostOnce {
            return if self.receive_maximum.is_some() { self.write(owed) } else { Fate::Offline };
        }
        if self.has_room() && self.resends.is_empty() && self.waiting.is_empty() {
            return self.write(owed);
        }
        let is_full = queue.is_some_and(|queue| self.waiting.len() >= queue.len_max);
        let fate = queue.filter(|_| is_full).map_or(Fate::Waits, Queue::fate);
        if fate == Fate::Displaces {
            self.waiting.pop_front();
        }
        if matches!(fate, Fate::Waits | Fate::Displaces) {
            self.waiting.push_back(owed);
        }
        fate
    }

    /// Whatever there is room for has to be written now.
    pub(super) fn pump(&mut self) {
        while self.quota_left() > 0
            && let Some(id) = self.resends.pop_front()
        {
            self.due_again.push_back(id);
        }
        while self.has_room()
            && let Some(owed) = self.waiting.pop_front()
        {
            self.due.push(owed);
        }
    }

    /// Removes what has expired while it waited; how many. `[MQTT5-3.3.2-5]`
    pub(super) fn expire(&mut self, now: u64) -> u64 {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (expired, fresh): (VecDeque<_>, _) = waiting.partition(|owed| owed.message.is_expired(now));
        self.waiting = fresh;
        let count = expired.len() as u64;
        self.expired.extend(expired.into_iter().filter(|owed| owed.share.is_some()));
        count
    }

    /// A copy was written under this identifier.
    pub(super) fn fly(&mut self, id: u16, owed: Owed) {
        assert!(self.quota_left() > 0, "more than Receive Maximum are open [MQTT5-3.3.4-9]");
        let awaits = if owed.qos == QoS::AtLeastOnce { Awaits::Acknowledged } else { Awaits::Received };
        let order = self.next_order();
        let former = self.flights.insert(id, Flight { owed, awaits, counted: true, order });
        assert!(former.is_none(), "packet identifier {id} is in use [MQTT5-2.2.1-4]");
    }

    pub(super) fn next_order(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    /// The first copy that is due of the topic and QoS of `publish`: no other may come before it. `[MQTT5-4.6.0-6]`
    pub(super) fn next_of(&self, publish: &Publish) -> Option<usize> {
        let is_same = |owed: &Owed| owed.message.topic == publish.topic && owed.qos == publish.qos;
        self.due.iter().position(is_same)
    }

    /// Whether a message at QoS 1 or 2 would be written at once.
    pub(super) fn has_room(&self) -> bool {
        let due = self.due.iter().filter(|owed| owed.qos != QoS::AtMostOnce).count();
        self.quota_left() > 0 && self.flights.len() + due < self.inflight_max
    }

    /// How many more PUBLISH at QoS 1 and 2 the client takes.
    pub(super) fn quota_left(&self) -> usize {
        let counted = self.flights.values().filter(|flight| flight.counted).count();
        let due = self.due.iter().filter(|owed| owed.qos != QoS::AtMostOnce).count();
        let maximum = self.receive_maximum.unwrap_or(0);
        maximum.saturating_sub(counted + due + self.due_again.len())
    }

    /// Identifiers that are open, and what each awaits.
    pub(in crate::clients) fn open_ids(&self) -> Vec<(u16, Awaits)> {
        self.flights.iter().map(|(id, flight)| (*id, flight.awaits)).collect()
    }

    /// When waiting messages expire.
    pub(super) fn expiries(&self) -> impl Iterator<Item = u64> {
        self.waiting.iter().filter_map(|owed| owed.message.expires_at)
    }

    /// Whether a copy of `message` is due by a group or by the session's own subscription.
    pub(super) fn owes(&self, message: &Message) -> bool {
        self.due.iter().chain(&self.waiting).any(|owed| *owed.message == *message && owed.share.is_none())
    }

    fn write(&mut self, owed: Owed) -> Fate {
        self.due.push(owed);
        Fate::Due
    }
}

impl Queue {
    fn fate(self) -> Fate {
        match self.overflow {
            tidegate_session::Overflow::DropNewest => Fate::Full,
            tidegate_session::Overflow::Reject => Fate::Rejected,
            _ => Fate::Displaces,
        }
    }
}
