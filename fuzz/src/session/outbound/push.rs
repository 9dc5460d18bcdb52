//! Pushes single messages to the session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Message, MessageParts, QoS};
use tidegate_session::{Delivery, DropReason, Session, Verdict};

use super::{MessageState, Outbound, PushedMessage, SHARE};
use crate::session::operation::Push;

impl Outbound {
    /// Pushes a message. Returns the verdict and the size of the message. Reading the write buffer later shows whether
    /// the message was written.
    pub(in crate::session) fn push(
        &mut self,
        session: &mut Session,
        push: Push,
        is_open: bool,
        now: Instant,
    ) -> (Verdict, usize) {
        let message = self.message(push, now);
        let (shared_filter, size) = (Arc::from(SHARE), message.size());
        let delivery = Delivery {
            message: &message,
            qos: push.qos,
            retain: push.retain,
            subscription_identifiers: push.subscription_identifiers,
            shared_filter: push.shared.then_some(&shared_filter),
        };
        let queued = session.queued();
        let verdict = session.push(&delivery, now);
        check_verdict(verdict, push.qos, is_open, message.is_expired(now));
        let overtakes_queue = verdict == Verdict::Sent && push.qos != QoS::AtMostOnce && queued > 0;
        assert!(!overtakes_queue, "the message overtakes the queue");
        let state = if matches!(verdict, Verdict::Dropped(_)) {
            MessageState::DroppedOrReturned
        } else {
            MessageState::Waiting
        };
        self.add(message, push, state);
        (verdict, size)
    }

    pub(super) fn add(&mut self, message: Arc<Message>, push: Push, state: MessageState) {
        self.messages.push(PushedMessage {
            message,
            qos: push.qos,
            retain: push.retain,
            subscription_identifiers: push.subscription_identifiers,
            shared: push.shared,
            session_number: self.session_number,
            state,
        });
    }

    /// Creates a message whose payload begins with the number of the message.
    pub(super) fn message(&self, push: Push, now: Instant) -> Arc<Message> {
        let mut payload = (self.messages.len() as u32).to_be_bytes().to_vec();
        payload.resize(push.size, b'.');
        Arc::new(Message::from_parts(&MessageParts {
            topic: &Name::parse(push.topic).expect("a topic name"),
            properties: &[],
            payload: &payload,
            qos: push.qos,
            retain: push.retain,
            publisher: 2,
            expires_at: push.expiry.map(|seconds| now + Duration::from_secs(seconds.into())),
        }))
    }
}

fn check_verdict(verdict: Verdict, qos: QoS, is_open: bool, is_expired: bool) {
    let is_once = qos == QoS::AtMostOnce;
    let is_right = match verdict {
        Verdict::Dropped(DropReason::Expired) => is_expired,
        Verdict::Dropped(DropReason::Offline) => !is_open,
        Verdict::Dropped(_) => true,
        Verdict::Queued => !is_once,
        Verdict::Sent => is_open,
        _ => false,
    };
    assert!(is_right, "{verdict:?} at {qos:?}, connection open: {is_open}, expired: {is_expired}");
    let is_dropped = matches!(verdict, Verdict::Dropped(_));
    assert!(is_dropped || !is_expired && (is_open || !is_once), "the message must be dropped");
}
