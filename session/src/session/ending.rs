//! What happens to the will, the subscriptions and the messages when a connection or the session ends.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS, Will};

use crate::change_log::Change;
use crate::stored_delivery::StoredDelivery;
use crate::verdict::DropReason;

use super::Session;
use super::lifecycle::{Lifecycle, Outcome, WillAction};

/// The result of [`Session::attach`].
#[derive(Debug)]
pub struct AttachOutcome {
    /// The epoch of the new connection.
    pub epoch: u64,
    /// The Session Present flag for CONNACK. `[MQTT5-3.2.2-2]` `[MQTT5-3.2.2-3]` `[MQTT3-3.2.2-1]` `[MQTT3-3.2.2-2]`
    pub session_present: bool,
    /// Whether an earlier connection was attached. The caller disconnects that connection with 0x8E (Session taken
    /// over). `[MQTT5-3.1.4-3]`
    pub was_attached: bool,
    /// The will of the earlier connection if the will has to be published now.
    pub will: Option<Will>,
    /// Subscriptions of the discarded session state; the caller removes them from the router.
    pub removed_subscriptions: Vec<SubscriptionFilter>,
    /// Messages of the discarded session state that were received through shared subscriptions. The caller may give
    /// them to other members of the group.
    pub unacknowledged: Vec<Unacknowledged>,
}

/// The result of [`Session::detach`].
#[derive(Debug)]
pub struct DetachOutcome {
    /// The will if it has to be published now.
    pub will: Option<Will>,
    /// Whether the session ended with the connection. The subscriptions of the ended session can still be read; the
    /// caller removes them from the router.
    pub session_ended: bool,
    /// If the session ended: its messages that were received through shared subscriptions. The caller may give them to
    /// other members of the group.
    pub unacknowledged: Vec<Unacknowledged>,
}

/// The result of [`Session::handle_timeout`].
#[derive(Debug, Default)]
pub struct TimeoutOutcome {
    /// The will if it has to be published now.
    pub will: Option<Will>,
    /// Whether the session ended. The subscriptions of the ended session can still be read; the caller removes them
    /// from the router.
    pub session_ended: bool,
    /// If the session ended: its messages that were received through shared subscriptions. The caller may give them to
    /// other members of the group.
    pub unacknowledged: Vec<Unacknowledged>,
}

/// A message that was received through a shared subscription and can be given to another member of the group. A QoS 2
/// message that was already sent is never an `Unacknowledged`, because it must not go to another member.
/// `[MQTT5-4.8.2-4]` `[MQTT5-4.8.2-5]`
#[derive(Debug)]
pub struct Unacknowledged {
    /// The message.
    pub message: Arc<Message>,
    /// The text of the shared subscription's filter, `$share/...`.
    pub shared_filter: Arc<str>,
}

impl Session {
    /// Returns the time at which [`Session::handle_timeout`] has to be called next, because a will delay or the session
    /// expiry ends.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.lifecycle.timeout()
    }

    /// Handles the timers that have expired at `now`: publishes a delayed will, or ends the session and publishes its
    /// will. `[MQTT5-3.1.2-8]` `[MQTT5-4.1.0-2]`
    #[must_use = "a will may be due"]
    pub fn handle_timeout(&mut self, now: Instant) -> TimeoutOutcome {
        let mut due = TimeoutOutcome::default();
        let outcome = self.lifecycle.due(now);
        self.apply_outcome(outcome, &mut due);
        if let (WillAction::Publish, Lifecycle::Detached { will_at, .. }) =
            (outcome.will, &mut self.lifecycle)
        {
            *will_at = None;
            self.record_change(Change::MetadataChanged);
        }
        due
    }

    /// Applies an outcome of the lifecycle tables to the will and the session state.
    pub(super) fn apply_outcome(&mut self, outcome: Outcome, due: &mut TimeoutOutcome) {
        match outcome.will {
            WillAction::Keep => {}
            WillAction::Discard => self.will = None,
            WillAction::Publish => due.will = self.will.take().map(|will| *will).or(due.will.take()),
        }
        if outcome.session_ended {
            self.lifecycle = Lifecycle::Ended;
            due.session_ended = true;
            self.discard_messages(due);
            self.record_change(Change::Ended);
        }
    }

    /// Discards all messages. Messages that can go to another member of a shared subscription are added to `due`, all
    /// others are counted as dropped.
    fn discard_messages(&mut self, due: &mut TimeoutOutcome) {
        let untracked = u64::try_from(self.inflight.untracked_len()).unwrap_or(u64::MAX);
        self.drops.add(DropReason::Ended, untracked);
        let sent = self.inflight.drain().map(|stored| (stored.qos != QoS::ExactlyOnce, stored));
        let mut queue = self.queue.take();
        let queued = std::iter::from_fn(|| queue.as_mut()?.pop()).map(|stored| (true, stored));
        for (reassignable, stored) in sent.chain(queued) {
            match unacknowledged_shared(&stored).filter(|_| reassignable) {
                Some(message) => due.unacknowledged.push(message),
                None => self.drops.add(DropReason::Ended, 1),
            }
        }
        self.receiving = None;
        self.resends = Vec::new();
    }
}

fn unacknowledged_shared(stored: &StoredDelivery) -> Option<Unacknowledged> {
    let shared_filter = Arc::clone(stored.shared_filter()?);
    Some(Unacknowledged { message: Arc::clone(&stored.message), shared_filter })
}
