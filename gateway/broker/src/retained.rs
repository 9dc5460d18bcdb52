//! Retained messages: each topic keeps its last one, in memory and in the store.

use std::sync::Arc;

use tidegate_mqtt::{Message, QoS};
use tidegate_persistence::Commit;
use tidegate_routing::Verdict;

use crate::broker::Broker;
use crate::receipt::Receipt;
use crate::tenant::Tenant;
use crate::turn::Turn;

impl Broker {
    /// Keeps those of the messages that are retained; the outcome is false if there was no room for one of them.
    pub(crate) fn retain(
        &self,
        turn: &mut Turn<'_>,
        tenant: &Tenant,
        messages: &[Arc<Message>],
    ) -> Receipt<bool> {
        let mut receipt = Receipt::immediate(true);
        let is_refusing = self.durability.is_refusing();
        for message in messages.iter().filter(|message| message.retain()) {
            // Messages with an acknowledgement were refused before.
            if is_refusing && message.qos() == QoS::AtMostOnce && !message.payload().is_empty() {
                turn.counters.refused_retained.add(1);
                continue;
            }
            let mut commit = Commit(0);
            let verdict = tenant.retained.set_then(Arc::clone(message), |verdict| {
                // Under the topic's lock, so that the store has the messages of a topic in their order.
                // Do not write to a full store when the operation has no effect.
                let has_effect = verdict != Verdict::Full && !(is_refusing && verdict == Verdict::Absent);
                if let Some(store) = self.durability.store().filter(|_| has_effect) {
                    commit = store.retain(turn, tenant.name(), message);
                }
            });
            receipt = receipt.after(commit);
            if verdict == Verdict::Full {
                turn.counters.refused_retained.add(1);
                receipt.outcome = false;
            }
        }
        receipt
    }

    /// How many calls of [`Self::sweep_retained`] with `count` look at every retained message once; at least one.
    #[must_use]
    pub fn retained_sweep_count(&self, count: usize) -> usize {
        let longest = self.tenants.iter().map(|tenant| tenant.retained.len()).max();
        longest.unwrap_or(0).div_ceil(count.max(1)).max(1)
    }

    /// Removes expired retained messages, and what routing keeps of removed subscriptions, among the next `count` topics of each
    /// tenant.
    pub fn sweep_retained(&self, turn: &Turn<'_>, count: usize) {
        for tenant in self.tenants.iter() {
            tenant.retained.sweep(turn.now, count);
            tenant.router.reclaim();
        }
    }
}
