//! Records which messages the broker promised to deliver and which messages the clients received, and checks that both
//! agree. The record uses only what clients can observe: the packets that they sent or read, and the ends of their
//! connections.

use tidegate_mqtt::QoS;

mod message;
mod retained;
mod subscriber;
mod subscriptions;

use message::{Copies, Message};
pub(super) use message::{Delivery, MessageNumber};
use subscriber::{Subscriber, is_shared, matches};

/// The promises and deliveries of one run.
#[derive(Default)]
pub(super) struct Promises {
    /// Number of the current step.
    now: u64,
    messages: Vec<Message>,
    subscribers: Vec<Subscriber>,
}

impl Promises {
    /// Creates the record of a run with `clients` clients.
    pub(super) fn new(clients: usize) -> Self {
        Self { subscribers: (0..clients).map(|_| Subscriber::default()).collect(), ..Self::default() }
    }

    /// Begins the next step.
    pub(super) fn begin_step(&mut self) {
        self.now += 1;
    }

    /// Records that a client sends a message for the first time, or declares a message as its will. Returns the number
    /// of the message.
    pub(super) fn publish(&mut self, topic: String, qos: QoS, retain: bool, is_empty: bool) -> MessageNumber {
        let mut message = Message::new(topic, qos, retain, is_empty, self.now);
        self.make_due(&mut message);
        self.messages.push(message);
        MessageNumber(self.messages.len() - 1)
    }

    fn make_due(&self, message: &mut Message) {
        // A message without a payload has no number, so a client cannot identify the message that it received.
        if message.is_empty {
            return;
        }
        for (client, subscriber) in self.subscribers.iter().enumerate() {
            let qos = subscriber.certain_qos(&message.topic).map(|granted| granted.min(message.qos));
            message.due.extend(qos.filter(|qos| *qos > QoS::AtMostOnce).map(|qos| (client, qos)));
        }
        message.is_due_to_group = message.is_shared()
            && message.qos > QoS::AtMostOnce
            && self.subscribers.iter().any(Subscriber::is_certain_member)
            && self
                .subscribers
                .iter()
                .all(|subscriber| subscriber.is_certain_member() || !subscriber.may_be_member());
    }

    /// Records that the publisher read PUBACK or PUBREC: the message must reach all matching sessions.
    pub(super) fn acknowledged(&mut self, number: MessageNumber) {
        let now = self.now;
        let message = &mut self.messages[number.0];
        message.is_promised = true;
        message.closed_at.get_or_insert(now);
    }

    /// Records that the publisher lost its session and the broker has handled the loss: the broker can no longer
    /// receive the message.
    pub(super) fn abandoned(&mut self, number: MessageNumber) {
        let now = self.now;
        self.messages[number.0].closed_at.get_or_insert(now);
        self.mark_optional(number);
    }

    /// Records that the message need not be delivered.
    pub(super) fn mark_optional(&mut self, number: MessageNumber) {
        let message = &mut self.messages[number.0];
        message.due.clear();
        message.is_due_to_group = false;
    }

    /// Records that a connection with a will ended without DISCONNECT: the will must reach the current subscribers.
    pub(super) fn will_triggered(&mut self, number: MessageNumber) {
        let mut message = std::mem::take(&mut self.messages[number.0]);
        message.due.clear();
        self.make_due(&mut message);
        self.messages[number.0] = message;
    }

    /// Records that a client read a message that is not a recognised retransmission.
    pub(super) fn delivered(&mut self, client: usize, number: MessageNumber, delivery: &Delivery) {
        let message = self.messages.get_mut(number.0).expect("a message that was published");
        if delivery.is_replay {
            assert!(message.retain, "{number:?} comes as a retained message");
            return;
        }
        let subscriber = &self.subscribers[client];
        let may_come = subscriber.may_receive(&message.topic, message.sent_at);
        assert!(may_come, "client {client} receives {number:?} without a subscription");
        let copies = message.copies.entry((client, subscriber.session())).or_default();
        copies.all += 1;
        copies.exactly_once += usize::from(delivery.qos == QoS::ExactlyOnce);
        copies.is_stored = delivery.is_stored;
        assert!(copies.exactly_once <= 1, "client {client} receives {number:?} at QoS 2 for the second time");
        // Sessions that a crash ends are ignored, because they may have received messages that were not committed
        // before the crash.
        let stored = message.copies.values().filter(|copies| copies.is_stored);
        let in_group: usize = stored.map(|copies| copies.exactly_once).sum();
        let is_once = !message.is_shared() || in_group <= 1;
        assert!(is_once, "the group receives {number:?} at QoS 2 for the second time");
    }

    /// Checks at the end of a run that every promised message was delivered.
    pub(super) fn check(&self) {
        for (number, message) in self.messages.iter().enumerate().filter(|(_, message)| message.is_promised) {
            let number = MessageNumber(number);
            for (client, qos) in &message.due {
                let session = self.subscribers[*client].session();
                let Copies { all, exactly_once, .. } =
                    message.copies.get(&(*client, session)).copied().unwrap_or_default();
                let is_kept = if *qos == QoS::ExactlyOnce { exactly_once == 1 } else { all > 0 };
                assert!(
                    is_kept,
                    "client {client} was promised {number:?} at {qos:?} and received {all} copies"
                );
            }
            let in_group = message.copies.values().any(|copies| copies.all > 0);
            assert!(!message.is_due_to_group || in_group, "no member of the group received {number:?}");
        }
    }

    /// Returns the number of sessions that a message to `topic` must reach, provided that every SUBSCRIBE and
    /// UNSUBSCRIBE is acknowledged.
    pub(super) fn recipients(&self, topic: &str) -> usize {
        self.subscribers.iter().filter(|subscriber| subscriber.certain_qos(topic).is_some()).count()
    }

    /// Returns whether every SUBSCRIBE and UNSUBSCRIBE was acknowledged, so that the subscriptions are known.
    pub(super) fn knows_subscriptions(&self) -> bool {
        self.subscribers.iter().all(Subscriber::is_certain)
    }
}
