//! Determines which messages must be delivered while sessions and subscriptions begin and end.

use tidegate_mqtt::QoS;

use super::Promises;
use super::subscriber::is_shared;

impl Promises {
    /// Records that the client read a CONNACK without Session Present: the client has a new session.
    pub(in crate::crash) fn session_began(&mut self, client: usize) {
        self.session_may_have_ended(client);
        self.subscribers[client].begin();
    }

    /// Records that the session ended with its connection. Until the broker handles the end of the connection, it may
    /// still assign messages of the shared subscription to this session.
    pub(in crate::crash) fn session_ended(&mut self, client: usize) {
        let may_be_member = self.subscribers[client].may_be_member();
        self.session_began(client);
        self.subscribers[client].was_member = may_be_member;
    }

    /// Records that the client's session may have ended: deliveries to this session are no longer required.
    pub(in crate::crash) fn session_may_have_ended(&mut self, client: usize) {
        let subscriber = &mut self.subscribers[client];
        let was_member = subscriber.may_be_member();
        subscriber.deactivate_all();
        for message in &mut self.messages {
            message.due.remove(&client);
        }
        if was_member {
            self.waive_group();
        }
    }

    /// Records that the session of a member of the shared subscription may have ended: messages that this member had
    /// not received may be dropped.
    fn waive_group(&mut self) {
        self.messages.iter_mut().filter(|message| message.is_shared()).for_each(|message| {
            message.is_due_to_group = false;
        });
    }

    /// Records a SUBSCRIBE. Until SUBACK arrives, either the former or the new QoS may apply.
    pub(in crate::crash) fn subscribe_sent(&mut self, client: usize, filter: &'static str, qos: QoS) {
        self.subscribers[client].subscribe(filter, qos);
        for message in self.messages.iter_mut().filter(|message| message.is_open_for(filter)) {
            if let Some(due) = message.due.get_mut(&client) {
                *due = qos.min(*due);
            }
            if message.due.get(&client) == Some(&QoS::AtMostOnce) {
                message.due.remove(&client);
            }
        }
    }

    /// Records a SUBACK.
    pub(in crate::crash) fn subscribed(&mut self, client: usize, filter: &'static str, qos: QoS) {
        self.subscribers[client].activate(filter, qos);
    }

    /// Records an UNSUBSCRIBE. Messages that are not acknowledged yet may no longer match the subscription.
    pub(in crate::crash) fn unsubscribe_sent(&mut self, client: usize, filter: &'static str) {
        if !self.subscribers[client].deactivate(filter) {
            return;
        }
        for message in self.messages.iter_mut().filter(|message| message.is_open_for(filter)) {
            message.due.remove(&client);
        }
        if is_shared(filter) {
            self.waive_group();
        }
    }

    /// Records an UNSUBACK: later messages must not be delivered for this subscription.
    pub(in crate::crash) fn unsubscribed(&mut self, client: usize, filter: &'static str) {
        let now = self.now;
        self.subscribers[client].remove_subscription(filter, now);
    }
}
