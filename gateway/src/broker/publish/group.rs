//! Shared subscriptions: each message to one member of each group `[MQTT5-4.8.2-3]`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Message;
use tidegate_routing::{Group, MemberState, Strategy};
use tidegate_session::{Drop as Dropped, Verdict};

use super::Broker;
use super::hand::{Share, hand};
use super::tally::Tally;
use crate::broker::seat::{Member, Seat};
use crate::cores::Core;

impl Broker {
    pub(super) fn hand_to_groups(
        &self,
        core: &mut Core,
        groups: &[Arc<Group<Member>>],
        messages: &[Arc<Message>],
        tally: &mut Tally,
        now: Instant,
    ) {
        for group in groups {
            for message in messages {
                tally.add(self.hand_to_group(core, group, message, None, now));
            }
        }
    }

    /// Gives a message to one member, never to `excluded`.
    pub(in crate::broker) fn hand_to_group(
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
        hand(self, core, &picked.subscriber.0, share, std::slice::from_ref(message), now)
    }

    fn state_of(&self, seat: &Seat) -> MemberState {
        let counts = self.config().routing.strategy == Strategy::LeastInflight;
        let inflight = if counts { seat.lock().session.inflight() } else { 0 };
        MemberState { online: seat.is_online(), inflight }
    }
}
