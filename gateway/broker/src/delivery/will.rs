//! The will of a client whose connection ended.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;

use tidegate_mqtt::{Message, QoS, Will};
use tidegate_persistence::Commit;

use super::is_reserved_topic;
use super::outcome::Outcome;
use super::source::Source;
use super::task::{Position, Task};
use crate::broker::Broker;
use crate::context::ClientContext;
use crate::hooks::Publication;
use crate::receipt::Receipt;
use crate::session_handle::SessionHandle;
use crate::turn::Turn;

impl Broker {
    /// Publishes a will in a single turn, because it is stored together with the end of its connection or session.
    /// `client` is the client whose will it is. Returns the commit of the copies.
    pub(crate) fn publish_will(
        &self,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        client: &ClientContext,
        will: &Will,
    ) -> Commit {
        if is_reserved_topic(&will.topic) {
            turn.counters.refused_topic.add(1);
            return Commit(0);
        }
        let Will { qos, retain, .. } = *will;
        let publication = || Publication { topic: &will.topic, count: 1, qos, retain, is_will: true };
        if self.hooks.publish(client, publication).is_err() {
            turn.counters.refused_unauthorized.add(1);
            return Commit(0);
        }
        turn.counters.wills_published.add(1);
        let mut will = Cow::Borrowed(will);
        let is_stored = will.retain || will.qos > QoS::AtMostOnce;
        if is_stored && self.durability.is_refusing() {
            // No client is left that could get an error for the will, so the broker sends it to connected subscribers
            // at QoS 0.
            turn.counters.refused_store.add(1);
            let will = will.to_mut();
            (will.qos, will.retain) = (QoS::AtMostOnce, false);
        }
        let message = Arc::new(Message::from_will(&will, handle.publisher(), turn.now));
        let messages = slice::from_ref(&message);
        let tenant = self.tenant_of(handle);
        let retained = self.retain(turn, tenant, messages);
        let route = turn.routes.route(tenant, message.topic());
        let mut outcome = Outcome::new(retained);
        let mut task = Task::of_one_turn(&route, Source::Messages(messages));
        self.delivery.advance(self, turn, &mut task, &mut Position::default(), &mut outcome);
        let Receipt { commit, .. } = outcome.finish(turn.counters, 1);
        commit
    }
}
