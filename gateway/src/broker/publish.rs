//! The way of a message, from the publisher's driver to every subscriber's outbox. Synchronous, no global lock.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ProtocolVersion, QoS};
use tidegate_routing::{Group, MemberState, Strategy, Verdict as Retained};
use tidegate_session::{Delivery, Drop as Dropped, Verdict};

use super::run::{Plain, Run};
use super::seat::{Member, Seat};
use super::{Broker, Realm};
use crate::cores::Core;

/// What became of the messages of a run. All of a run share the topic, hence the fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// At least one session took them, or dropped them by its own policy.
    Delivered,
    /// Nobody subscribed.
    Unmatched,
    /// Clients may not publish there.
    Forbidden,
    /// Every session that wanted them, or the store of retained messages, was full, and the policy is to refuse.
    Refused,
}

/// What a subscriber gets of a route: its grant, merged over its subscriptions.
#[derive(Clone, Copy)]
struct Share<'a> {
    qos: QoS,
    retain_as_published: bool,
    identifiers: &'a [u32],
    name: Option<&'a Arc<str>>,
}

impl Broker {
    /// Publishes a run on behalf of a client.
    pub fn publish(&self, core: &mut Core, from: &Arc<Seat>, version: ProtocolVersion, run: &mut Run<'_>, now: Instant) -> Published {
        if let Some(plain) = run.plain() {
            core.counters.messages_received.add(u64::from(plain.count));
            if is_reserved(plain.topic) {
                core.counters.refused_topic.add(u64::from(plain.count));
                return Published::Forbidden;
            }
            return self.publish_plain(core, from, version, &plain, now);
        }
        let count = u64::try_from(run.messages().len()).unwrap_or(0);
        core.counters.messages_received.add(count);
        let Some(first) = run.messages().first() else { return Published::Unmatched };
        if is_reserved(first.topic()) {
            core.counters.refused_topic.add(count);
            return Published::Forbidden;
        }
        self.publish_messages(core, from.realm(), run.messages(), now)
    }

    /// Publishes messages of one topic, retained ones included.
    pub fn publish_messages(&self, core: &mut Core, realm: &Realm, messages: &[Arc<Message>], now: Instant) -> Published {
        let Some(first) = messages.first() else { return Published::Unmatched };
        let mut tally = Tally { retained_full: !retain(core, realm, messages), ..Tally::default() };
        let route = core.lookaside.route(realm, first.topic());
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(first.publisher()) else { continue };
            let share = Share {
                qos: grants.qos,
                retain_as_published: grants.retain_as_published,
                identifiers: grants.identifiers,
                name: None,
            };
            tally.add(hand(core, &delivery.subscriber.0, share, messages, now));
        }
        for group in &route.groups {
            for message in messages {
                tally.add(self.hand_to_group(core, group, message, None, now));
            }
        }
        tally.conclude(core, messages.len())
    }

    fn publish_plain(&self, core: &mut Core, from: &Arc<Seat>, version: ProtocolVersion, plain: &Plain<'_>, now: Instant) -> Published {
        let route = core.lookaside.route(from.realm(), plain.topic);
        let mut other: Option<(Vec<u8>, usize)> = None;
        let mut tally = Tally::default();
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(from.id()) else { continue };
            let seat = &delivery.subscriber.0;
            let mut verdict = Verdict::Individually;
            if grants.identifiers.is_empty() {
                let mut state = seat.lock();
                verdict = match state.session.version() {
                    Some(to) if to.is_v5() != version.is_v5() => {
                        let (wire, largest) = other.get_or_insert_with(|| plain.transcribe(version, to));
                        state.session.push_encoded(wire, plain.count, *largest)
                    }
                    _ => state.session.push_encoded(plain.wire, plain.count, plain.largest),
                };
                if matches!(verdict, Verdict::Dropped(_)) {
                    core.counters.add_drops(&state.session.take_drops());
                }
            }
            if verdict == Verdict::Individually {
                let share = Share { qos: grants.qos, retain_as_published: false, identifiers: grants.identifiers, name: None };
                tally.add(hand(core, seat, share, &plain.to_messages(version, from.id(), now), now));
                continue;
            }
            if verdict == Verdict::Sent {
                core.mark_dirty(seat);
            }
            count(core, verdict, u64::from(plain.count));
            tally.add(verdict);
        }
        if !route.groups.is_empty() {
            for message in &plain.to_messages(version, from.id(), now) {
                for group in &route.groups {
                    tally.add(self.hand_to_group(core, group, message, None, now));
                }
            }
        }
        tally.conclude(core, usize::try_from(plain.count).unwrap_or(usize::MAX))
    }

    /// Gives a message to one member of a shared subscription.
    pub(super) fn hand_to_group(
        &self,
        core: &mut Core,
        group: &Group<Member>,
        message: &Arc<Message>,
        excluded: Option<u64>,
        now: Instant,
    ) -> Verdict {
        let random = core.random();
        let picked = group.pick(message.publisher(), random, excluded, |member| self.state_of(&member.0));
        let Some(picked) = picked else {
            core.counters.dropped_no_member.add(1);
            return Verdict::Dropped(Dropped::Offline);
        };
        let identifier = picked.grant.identifier.map(NonZeroU32::get);
        let share = Share {
            qos: picked.grant.qos,
            retain_as_published: picked.grant.retain_as_published,
            identifiers: identifier.as_slice(),
            name: Some(group.name()),
        };
        hand(core, &picked.subscriber.0, share, std::slice::from_ref(message), now)
    }

    fn state_of(&self, seat: &Seat) -> MemberState {
        let counts = self.config().routing.strategy == Strategy::LeastInflight;
        let inflight = if counts { seat.lock().session.inflight() } else { 0 };
        MemberState { online: seat.is_online(), inflight }
    }
}

/// Keeps the retained ones; `false` when the store is full.
fn retain(core: &Core, realm: &Realm, messages: &[Arc<Message>]) -> bool {
    let mut kept = true;
    for message in messages.iter().filter(|message| message.retain()) {
        if realm.retained.set(Arc::clone(message)) == Retained::Full {
            core.counters.refused_retained.add(1);
            kept = false;
        }
    }
    kept
}

/// Hands messages to one session under one lock.
fn hand(core: &mut Core, seat: &Arc<Seat>, share: Share<'_>, messages: &[Arc<Message>], now: Instant) -> Verdict {
    let mut state = seat.lock();
    let mut last = Verdict::Queued;
    let mut waits = false;
    for message in messages {
        let delivery = Delivery {
            message,
            qos: share.qos.min(message.qos()),
            retain: share.retain_as_published && message.retain(),
            identifiers: share.identifiers,
            share: share.name,
        };
        last = state.session.push(&delivery, now);
        waits |= last == Verdict::Sent;
        count(core, last, 1);
    }
    core.counters.add_drops(&state.session.take_drops());
    drop(state);
    if waits {
        core.mark_dirty(seat);
    }
    last
}

fn count(core: &Core, verdict: Verdict, copies: u64) {
    match verdict {
        Verdict::Sent => core.counters.messages_sent.add(copies),
        Verdict::Queued => core.counters.messages_queued.add(copies),
        // A drop is in the session's own count.
        _ => {}
    }
}

/// Topics that begin with `$` belong to the broker [MQTT5-4.7.2-1].
fn is_reserved(topic: &str) -> bool {
    topic.as_bytes().first() == Some(&b'$')
}

/// What the subscribers of one run said.
#[derive(Default)]
struct Tally {
    matched: bool,
    taken: bool,
    refused: bool,
    retained_full: bool,
}

impl Tally {
    fn add(&mut self, verdict: Verdict) {
        self.matched = true;
        match verdict {
            Verdict::Dropped(Dropped::Rejected) => self.refused = true,
            _ => self.taken = true,
        }
    }

    fn conclude(&self, core: &Core, messages: usize) -> Published {
        if self.retained_full {
            return Published::Refused;
        }
        if !self.matched {
            core.counters.unmatched.add(u64::try_from(messages).unwrap_or(0));
            return Published::Unmatched;
        }
        if self.refused && !self.taken { Published::Refused } else { Published::Delivered }
    }
}
