//! Counts what happened to every message and to every copy of a message, and what the broker must have counted.

use tidegate_broker::Totals;

use super::outbound::Verdict;

/// Numbers of events since the start of the run.
#[derive(Clone, Debug, Default)]
pub(in crate::clients) struct CopyCounts {
    /// The expected counters of the broker.
    pub(super) totals: Totals,
    /// Number of copies of messages that sessions had to get.
    pub(in crate::clients) copies: u64,
    /// Number of copies that were written at QoS 0, or completed by their receivers.
    pub(super) delivered: u64,
    /// Number of unacknowledged copies of ended sessions that went to other members of a shared subscription.
    pub(super) reassigned: u64,
}

impl CopyCounts {
    /// Returns the number of copies that are neither queued nor in flight.
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

    /// Counts a new copy and its verdict.
    pub(super) fn add_copy(&mut self, verdict: Verdict) {
        self.copies += 1;
        let totals = &mut self.totals;
        match verdict {
            Verdict::Due => totals.messages_sent += 1,
            Verdict::Waits | Verdict::DropsOldest => totals.messages_queued += 1,
            Verdict::Full | Verdict::Rejected => {}
            Verdict::Expired => totals.dropped_expired += 1,
            Verdict::Offline => totals.dropped_offline += 1,
        }
        if matches!(verdict, Verdict::DropsOldest | Verdict::Full | Verdict::Rejected) {
            totals.dropped_queue_full += 1;
        }
    }
}
