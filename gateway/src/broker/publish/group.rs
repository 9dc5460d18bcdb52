//! Shared subscriptions: each message to one member of each group `[MQTT5-4.8.2-3]`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Message;
use tidegate_routing::{Group, MemberState, Strategy};
use tidegate_session::{Drop as Dropped, Verdict};

use super::Broker;
use super::deliver::{DeliveryOptions, deliver};
use super::outcome::Outcome;
use crate::broker::session_handle::{Member, SessionHandle};
use crate::cores::Core;

impl Broker {
    pub(super) fn deliver_to_groups(
        &self,
        core: &mut Core,
        groups: &[Arc<Group<Member>>],
        messages: &[Arc<Message>],
        outcome: &mut Outcome,
        now: Instant,
    ) {
        for group in groups {
            for message in messages {
                outcome.add(self.deliver_to_group(core, group, message, None, now));
            }
        }
    }

    /// Gives a message to one member, never to `excluded`.
    pub(in crate::broker) fn deliver_to_group(
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
        let share = DeliveryOptions {
            qos: picked.grant.qos,
            retain_as_published: picked.grant.retain_as_published,
            identifiers: identifier.as_slice(),
            name: Some(group.name()),
        };
        deliver(self, core, &picked.subscriber.0, share, std::slice::from_ref(message), now)
    }

    fn state_of(&self, handle: &SessionHandle) -> MemberState {
        let counts = self.config().routing.strategy == Strategy::LeastInflight;
        let inflight = if counts { handle.lock().session.inflight() } else { 0 };
        MemberState { online: handle.is_online(), inflight }
    }
}
