//! What becomes of will, subscriptions and messages when a connection or the session ends.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS, Will};

use crate::change_log::Change;
use crate::stored_delivery::StoredDelivery;
use crate::verdict::Drop;

use super::Session;
use super::lifecycle::{Lifecycle, Outcome, WillAction};

/// What an attach brought about.
#[derive(Debug)]
pub struct Attached {
    /// The epoch of the new connection.
    pub epoch: u64,
    /// For the CONNACK. `[MQTT5-3.2.2-2]` `[MQTT5-3.2.2-3]` `[MQTT3-3.2.2-1]` `[MQTT3-3.2.2-2]`
    pub session_present: bool,
    /// Whether another connection was served; it is fenced off and gets 0x8E. `[MQTT5-3.1.4-3]`
    pub was_attached: bool,
    /// The former will, when it is due now.
    pub will: Option<Will>,
    /// Subscriptions of the discarded state, to be removed from the router.
    pub removed: Vec<SubscriptionFilter>,
    /// Messages of the discarded state that came by shared subscriptions.
    pub unacknowledged: Vec<Unacknowledged>,
}

/// What the end of a connection brought about.
#[derive(Debug)]
pub struct Detached {
    /// The will, when it is due now.
    pub will: Option<Will>,
    /// Whether the session ended with it; its subscriptions, to be removed from the router, can still be read.
    pub ended: bool,
    /// Messages of an ended session that came by shared subscriptions.
    pub unacknowledged: Vec<Unacknowledged>,
}

/// What was due.
#[derive(Debug, Default)]
pub struct Due {
    /// The will, when it is due now.
    pub will: Option<Will>,
    /// Whether the session ended; its subscriptions, to be removed from the router, can still be read.
    pub ended: bool,
    /// Messages of an ended session that came by shared subscriptions.
    pub unacknowledged: Vec<Unacknowledged>,
}

/// A message that came by a shared subscription and can go to another member of its group. Not one at QoS 2 once it
/// was sent: that stays with its member for good. `[MQTT5-4.8.2-4]` `[MQTT5-4.8.2-5]`
#[derive(Debug)]
pub struct Unacknowledged {
    /// The message.
    pub message: Arc<Message>,
    /// The text of the shared filter.
    pub share: Arc<str>,
}

impl Session {
    /// When [`Session::handle_timeout`] has to be called: a will delay or the session expiry is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.lifecycle.timeout()
    }

    /// What is due at `now`: a delayed will, or the end of the session and its will with it. `[MQTT5-3.1.2-8]`
    /// `[MQTT5-4.1.0-2]`
    #[must_use = "a will may be due"]
    pub fn handle_timeout(&mut self, now: Instant) -> Due {
        let mut due = Due::default();
        let outcome = self.lifecycle.due(now);
        self.apply(outcome, &mut due);
        if let (WillAction::Publish, Lifecycle::Detached { will_at, .. }) =
            (outcome.will, &mut self.lifecycle)
        {
            *will_at = None;
            self.record(Change::Altered);
        }
        due
    }

    /// Does to will and state what the lifecycle tables say.
    pub(super) fn apply(&mut self, outcome: Outcome, due: &mut Due) {
        match outcome.will {
            WillAction::Keep => {}
            WillAction::Discard => self.will = None,
            WillAction::Publish => due.will = self.will.take().map(|will| *will).or(due.will.take()),
        }
        if outcome.ended {
            self.lifecycle = Lifecycle::Ended;
            due.ended = true;
            self.discard_messages(due);
            self.record(Change::Ended);
        }
    }

    /// Discards the messages; what nobody takes over is counted as dropped.
    fn discard_messages(&mut self, due: &mut Due) {
        let untracked = u64::try_from(self.inflight.untracked_len()).unwrap_or(u64::MAX);
        self.drops.add(Drop::Ended, untracked);
        let sent = self.inflight.drain().map(|stored| (stored.qos != QoS::ExactlyOnce, stored));
        let mut queue = self.queue.take();
        let queued = std::iter::from_fn(|| queue.as_mut()?.pop()).map(|stored| (true, stored));
        for (reassignable, stored) in sent.chain(queued) {
            match unacknowledged_shared(&stored).filter(|_| reassignable) {
                Some(message) => due.unacknowledged.push(message),
                None => self.drops.add(Drop::Ended, 1),
            }
        }
        self.receiving = None;
        self.resends = Vec::new();
    }
}

fn unacknowledged_shared(stored: &StoredDelivery) -> Option<Unacknowledged> {
    let share = Arc::clone(stored.share()?);
    Some(Unacknowledged { message: Arc::clone(&stored.message), share })
}
