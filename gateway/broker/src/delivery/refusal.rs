//! Decides whether a batch is refused before it is delivered.

use tidegate_limits::Decision;
use tidegate_mqtt::QoS;

use super::publish::PublishRequest;
use super::{Published, is_reserved_topic};
use crate::broker::Broker;
use crate::hooks::{Phases, Publication};
use crate::session_handle::State;
use crate::turn::Turn;

impl Broker {
    /// Returns the outcome of a batch that is refused, and counts its messages; `None` if the batch is accepted.
    pub(super) fn refusal(
        &self,
        turn: &Turn<'_>,
        request: &PublishRequest<'_, '_>,
        topic: &str,
        publisher: &State,
    ) -> Option<Published> {
        let count = request.batch.len();
        if !request.packet_ids.is_empty() && self.durability.condition().admit_data() != Decision::Admit {
            turn.counters.refused_store.add(count);
            return Some(Published::Refused);
        }
        if is_reserved_topic(topic) {
            turn.counters.refused_topic.add(count);
            return Some(Published::Forbidden);
        }
        if self.hooks.uses(Phases::AUTHORISE | Phases::PUBLISH)
            && self.hooks.publish(&publisher.context, request.publication(topic)).is_err()
        {
            turn.counters.refused_unauthorized.add(count);
            return Some(Published::Forbidden);
        }
        None
    }
}

impl PublishRequest<'_, '_> {
    #[cold]
    fn publication<'a>(&self, topic: &'a str) -> Publication<'a> {
        let qos = self.packet_ids.iter().map(|(_, qos)| *qos).max().unwrap_or(QoS::AtMostOnce);
        Publication { topic, count: self.batch.len(), qos, is_will: false }
    }
}
