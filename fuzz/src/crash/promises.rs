//! What the clients were promised, and what they received: every message, every subscription, and whether they agree. It
//! knows only what clients see: packets that they sent or read, and the ends of their connections.

use tidegate_mqtt::QoS;

mod message;
mod retained;
mod subscriber;
mod subscriptions;

use message::{Copies, Message};
pub(super) use message::{Delivery, Number};
use subscriber::{Subscriber, is_shared, matches};

/// The record of one run.
#[derive(Default)]
pub(super) struct Promises {
    /// Rises with every step.
    now: u64,
    messages: Vec<Message>,
    subscribers: Vec<Subscriber>,
}

impl Promises {
    /// The record of a run with so many clients.
    pub(super) fn new(clients: usize) -> Self {
        Self { subscribers: (0..clients).map(|_| Subscriber::default()).collect(), ..Self::default() }
    }

    /// A step begins.
    pub(super) fn tick(&mut self) {
        self.now += 1;
    }

    /// A client sends a message for the first time, or announces it as its will.
    pub(super) fn publish(&mut self, topic: String, qos: QoS, retain: bool, is_empty: bool) -> Number {
        let mut message = Message::new(topic, qos, retain, is_empty, self.now);
        self.make_due(&mut message);
        self.messages.push(message);
        Number(self.messages.len() - 1)
    }

    fn make_due(&self, message: &mut Message) {
        // Nobody could tell which one it is.
        if message.is_empty {
            return;
        }
        for (client, subscriber) in self.subscribers.iter().enumerate() {
            let qos = subscriber.granted(&message.topic).map(|granted| granted.min(message.qos));
            message.due.extend(qos.filter(|qos| *qos > QoS::AtMostOnce).map(|qos| (client, qos)));
        }
        message.is_due_to_group = message.is_shared()
            && message.qos > QoS::AtMostOnce
            && self.subscribers.iter().any(Subscriber::is_member)
            && self
                .subscribers
                .iter()
                .all(|subscriber| subscriber.is_member() || !subscriber.may_be_member());
    }

    /// The publisher reads PUBACK or PUBREC: the message is delivered to all that it is due to.
    pub(super) fn acknowledged(&mut self, number: Number) {
        let now = self.now;
        let message = &mut self.messages[number.0];
        message.is_promised = true;
        message.closed_at.get_or_insert(now);
    }

    /// The publisher has lost its session, and the broker knows: the message does not come any more.
    pub(super) fn given_up(&mut self, number: Number) {
        let now = self.now;
        self.messages[number.0].closed_at.get_or_insert(now);
        self.excused(number);
    }

    /// Nothing is owed for a message that was not acknowledged.
    pub(super) fn excused(&mut self, number: Number) {
        let message = &mut self.messages[number.0];
        message.due.clear();
        message.is_due_to_group = false;
    }

    /// The connection with that will has ended without DISCONNECT: the will is due to those who are subscribed now.
    pub(super) fn will_caused(&mut self, number: Number) {
        let mut message = std::mem::take(&mut self.messages[number.0]);
        message.due.clear();
        self.make_due(&mut message);
        self.messages[number.0] = message;
    }

    /// A client reads a message that it does not hold already.
    pub(super) fn delivered(&mut self, client: usize, number: Number, delivery: &Delivery) {
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
        // A session that a crash ends does not count: what it received may have been part of what the crash undid.
        let stored = message.copies.values().filter(|copies| copies.is_stored);
        let in_group: usize = stored.map(|copies| copies.exactly_once).sum();
        let is_once = !message.is_shared() || in_group <= 1;
        assert!(is_once, "the group receives {number:?} at QoS 2 for the second time");
    }

    /// At the end, everything that was promised has been delivered.
    pub(super) fn check(&self) {
        for (number, message) in self.messages.iter().enumerate().filter(|(_, message)| message.is_promised) {
            let number = Number(number);
            for (client, qos) in &message.due {
                let session = self.subscribers[*client].session();
                let Copies { all, exactly_once, .. } =
                    message.copies.get(&(*client, session)).copied().unwrap_or_default();
                let is_kept = if *qos == QoS::ExactlyOnce { exactly_once == 1 } else { all > 0 };
                assert!(is_kept, "client {client} is owed {number:?} at {qos:?} and received {all} copies");
            }
            let in_group = message.copies.values().any(|copies| copies.all > 0);
            assert!(!message.is_due_to_group || in_group, "no member of the group received {number:?}");
        }
    }

    /// The sessions that get a message to `topic`, if every SUBSCRIBE and UNSUBSCRIBE is answered.
    pub(super) fn recipients(&self, topic: &str) -> usize {
        self.subscribers.iter().filter(|subscriber| subscriber.granted(topic).is_some()).count()
    }

    /// Whether every SUBSCRIBE and UNSUBSCRIBE was answered, so that the subscriptions are known.
    pub(super) fn knows_subscriptions(&self) -> bool {
        self.subscribers.iter().all(Subscriber::is_certain)
    }
}
