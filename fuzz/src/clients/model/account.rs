//! What became of every message and of every copy of it, and what the broker must have counted.

use tidegate_broker::Totals;

use super::outbound::Verdict;

/// Counts since the beginning.
#[derive(Clone, Debug, Default)]
pub(in crate::clients) struct Account {
    /// The expected counters of the broker.
    pub(super) totals: Totals,
    /// Copies of messages that sessions had to get.
    pub(in crate::clients) copies: u64,
    /// Copies written at QoS 0, or completed by their receivers.
    pub(super) delivered: u64,
    /// Copies that an ended session left to other members of a shared subscription.
    pub(super) reassigned: u64,
}

impl Account {
    /// All copies that are neither queued nor in flight.
    pub(in crate::clients) fn settled(&self) -> u64 {
        let Totals {
            dropped_expired: expired,
            dropped_offline: offline,
            dropped_queue_full: queue_full,
            dropped_ended: ended,
            ..
        } = self.totals;
        self.delivered + self.reassigned + expired + offline + queue_full + ended
    }

    /// Counts a new copy and what happened to it at once.
    pub(super) fn add_copy(&mut self, verdict: Verdict) {
        self.copies += 1;
        let totals = &mut self.totals;
        match verdict {
            Verdict::Due => totals.messages_sent += 1,
            Verdict::Waits | Verdict::Displaces => totals.messages_queued += 1,
            Verdict::Full | Verdict::Rejected => {}
            Verdict::Expired => totals.dropped_expired += 1,
            Verdict::Offline => totals.dropped_offline += 1,
        }
        if matches!(verdict, Verdict::Displaces | Verdict::Full | Verdict::Rejected) {
            totals.dropped_queue_full += 1;
        }
    }
}
