//! Delivers messages to shared subscriptions: each message goes to one member of each group `[MQTT5-4.8.2-3]`.

use std::num::NonZeroU32;
use std::slice;
use std::sync::Arc;

use tidegate_mqtt::Message;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_persistence::Commit;
use tidegate_routing::{Group, MemberState, Strategy};
use tidegate_session::{DropReason, Unacknowledged, Verdict};

use super::Delivery;
use super::deliver::DeliveryOptions;
use super::forward::{deliver_to_node, deliver_to_sink};
use super::task::drop_unauthorized;
use crate::broker::Broker;
use crate::durability::PublishScope;
use crate::hooks::Publication;
use crate::receipt::Receipt;
use crate::session_handle::SessionHandle;
use crate::subscriber::Subscriber;
use crate::turn::Turn;

impl Delivery {
    /// Delivers a message to one member of the group, but never to the subscriber with the id `excluded`.
    pub(super) fn deliver_to_group(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        group: &Group<Subscriber>,
        message: &Arc<Message>,
        excluded: Option<u64>,
        scope: Option<&Arc<PublishScope>>,
    ) -> Receipt<Verdict> {
        let random = turn.random.next_number();
        let state_of = |member: &Subscriber| self.state_of(member);
        let picked = group.pick(message.publisher(), random, excluded, state_of);
        turn.budget.charge(1);
        let Some(picked) = picked else {
            turn.counters.dropped_no_member.add(1);
            return Receipt::immediate(Verdict::Dropped(DropReason::Offline));
        };
        let identifier = picked.grant.identifier.map(NonZeroU32::get);
        let options = DeliveryOptions {
            qos: picked.grant.qos,
            retain_as_published: picked.grant.retain_as_published,
            subscription_identifiers: identifier.as_slice(),
            shared_filter: Some(group.name()),
        };
        let messages = slice::from_ref(message);
        let handle = match &picked.subscriber {
            Subscriber::Session(handle) => handle,
            Subscriber::Sink(sink) => return deliver_to_sink(turn, sink, options, messages),
            Subscriber::Remote(node) => {
                return deliver_to_node(turn, broker.fabric(), *node, options, messages);
            }
        };
        let session = broker.guard(handle);
        let publication = || Publication::of(message, options.qos.min(message.qos()));
        if broker.hooks.deliver(&session.context, publication).is_err() {
            return drop_unauthorized(turn, session, 1);
        }
        self.deliver(broker, turn, session, options, messages, scope)
    }

    /// Returns the state of a member. Sinks and other nodes are always connected, and have nothing in flight.
    fn state_of(&self, member: &Subscriber) -> MemberState {
        let Some(handle) = member.session() else { return MemberState { online: true, inflight: 0 } };
        let counts = self.strategy == Strategy::LeastInflight;
        let inflight = if counts { handle.lock().session.inflight() } else { 0 };
        MemberState { online: handle.is_online(), inflight }
    }
}

impl Broker {
    /// Delivers a message that a member of a shared subscription left unacknowledged to another member `[MQTT5-4.8.2]`.
    pub(crate) fn redispatch(
        &self,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        message: &Unacknowledged,
    ) -> Commit {
        // The copy for the other member must not be committed before the rest of its publish. After a crash in between,
        // the publisher would send the publish again, and the member would get the message twice.
        let scope =
            handle.lock().open_scopes.as_ref().and_then(|scopes| scopes.scope_of(message.message.id()));
        let tenant = self.tenant_of(handle);
        let filter = SubscriptionFilter::parse(&message.shared_filter).ok();
        match filter.and_then(|filter| tenant.router.group(&filter)) {
            Some(group) => {
                let excluded = Some(handle.id());
                let message = &message.message;
                self.delivery.deliver_to_group(self, turn, &group, message, excluded, scope.as_ref()).commit
            }
            None => {
                turn.counters.dropped_no_member.add(1);
                Commit(0)
            }
        }
    }
}
