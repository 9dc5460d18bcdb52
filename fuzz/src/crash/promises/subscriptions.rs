//! Sessions and subscriptions come and go: what is owed to them changes.

use tidegate_mqtt::QoS;

use super::Promises;
use super::subscriber::is_shared;

impl Promises {
    /// The client learns that it has a new session without state.
    pub(in crate::crash) fn session_began(&mut self, client: usize) {
        self.session_unsure(client);
        self.subscribers[client].begin();
    }

    /// The session ends with its connection. The broker may not know that yet, and give it messages of the group.
    pub(in crate::crash) fn session_ended(&mut self, client: usize) {
        let may_be_member = self.subscribers[client].may_be_member();
        self.session_began(client);
        self.subscribers[client].was_member = may_be_member;
    }

    /// The session of the client may have ended: nothing is owed to it any more.
    pub(in crate::crash) fn session_unsure(&mut self, client: usize) {
        let subscriber = &mut self.subscribers[client];
        let was_member = subscriber.may_be_member();
        subscriber.deactivate_all();
        for message in &mut self.messages {
            message.due.remove(&client);
        }
        if was_member {
            self.excuse_group();
        }
    }

    /// A member of the group may be gone: what it had not received may be dropped with it.
    fn excuse_group(&mut self) {
        self.messages.iter_mut().filter(|message| message.is_shared()).for_each(|message| {
            message.is_due_to_group = false;
        });
    }

    /// The client sends SUBSCRIBE. Until SUBACK, the lower QoS may hold.
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

    /// The client reads SUBACK.
    pub(in crate::crash) fn subscribed(&mut self, client: usize, filter: &'static str, qos: QoS) {
        self.subscribers[client].activate(filter, qos);
    }

    /// The client sends UNSUBSCRIBE. What is not acknowledged yet may miss the subscription.
    pub(in crate::crash) fn unsubscribe_sent(&mut self, client: usize, filter: &'static str) {
        if !self.subscribers[client].deactivate(filter) {
            return;
        }
        for message in self.messages.iter_mut().filter(|message| message.is_open_for(filter)) {
            message.due.remove(&client);
        }
        if is_shared(filter) {
            self.excuse_group();
        }
    }

    /// The client reads UNSUBACK: what is published from now on does not come through the subscription.
    pub(in crate::crash) fn unsubscribed(&mut self, client: usize, filter: &'static str) {
        let now = self.now;
        self.subscribers[client].remove(filter, now);
    }
}
