//! Decides whether a batch is refused before it is delivered.

use tidegate_limits::{Decision, Refusal};
use tidegate_mqtt::QoS;

use super::publish::PublishRequest;
use super::{Published, is_reserved_topic};
use crate::broker::Broker;
use crate::hooks::Publication;
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
        if let Err(refusal) = self.hooks.publish(&publisher.context, || request.publication(topic)) {
            turn.counters.refused_unauthorized.add(count);
            return Some(published(refusal));
        }
        None
    }
}

impl PublishRequest<'_, '_> {
    #[cold]
    fn publication<'a>(&self, topic: &'a str) -> Publication<'a> {
        let qos = self.packet_ids.iter().map(|(_, qos)| *qos).max().unwrap_or(QoS::AtMostOnce);
        let retain = self.batch.messages().iter().any(|message| message.retain());
        Publication { topic, count: self.batch.len(), qos, retain, is_will: false }
    }
}

/// Returns the outcome of a batch that a hook has refused. Before MQTT 5.0, `Refused` ends the connection, while the
/// client cannot distinguish `Forbidden` from success. So only a permanent refusal is `Forbidden`.
fn published(refusal: Refusal) -> Published {
    match refusal {
        Refusal::NotAuthorized | Refusal::Banned | Refusal::BadCredentials => Published::Forbidden,
        _ => Published::Refused,
    }
}
