//! Keeps the last retained message of each topic, in memory and in the store.

use std::sync::Arc;

use tidegate_mqtt::{Message, QoS};
use tidegate_persistence::Commit;
use tidegate_routing::Verdict;

use crate::broker::Broker;
use crate::receipt::Receipt;
use crate::tenant::Tenant;
use crate::turn::Turn;

impl Broker {
    /// Keeps those of `messages` that have RETAIN set. The outcome is `false` if the limits of retained messages were
    /// reached for at least one of them. A QoS 0 message that the store refuses is counted, but does not change the
    /// outcome.
    pub(crate) fn retain(
        &self,
        turn: &mut Turn<'_>,
        tenant: &Tenant,
        messages: &[Arc<Message>],
    ) -> Receipt<bool> {
        let mut receipt = Receipt::immediate(true);
        let is_refusing = self.durability.is_refusing();
        for message in messages.iter().filter(|message| message.retain()) {
            // If the store refuses new data, QoS 1 and 2 messages were refused before they got here.
            if is_refusing && message.qos() == QoS::AtMostOnce && !message.payload().is_empty() {
                turn.counters.refused_retained.add(1);
                continue;
            }
            let mut commit = Commit(0);
            let verdict = tenant.retained.set_then(Arc::clone(message), |verdict| {
                // This runs under the lock of the topic, so that the store gets the messages of a topic in their order.
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

    /// Returns how many calls of [`Self::sweep_retained`] with `count` check every retained message once; at least one.
    #[must_use]
    pub fn retained_sweep_count(&self, count: usize) -> usize {
        let longest = self.tenants.iter().map(|tenant| tenant.retained.len()).max();
        longest.unwrap_or(0).div_ceil(count.max(1)).max(1)
    }

    /// Removes expired retained messages among the next `count` topics of each tenant, and frees the memory of removed
    /// subscriptions in the routing table.
    pub fn sweep_retained(&self, turn: &Turn<'_>, count: usize) {
        for tenant in self.tenants.iter() {
            tenant.retained.sweep(turn.now, count);
            tenant.router.reclaim();
        }
    }
}
