//! Models how connections and sessions begin and end: sections 3.1.2.4, 3.1.2.11.2, 3.1.3.2.2 and 3.14 of MQTT 5,
//! section 3.1.2.4 of MQTT 3.1.1.

use tidegate_mqtt::{AckKind, Connect, Disconnect, ProtocolVersion, ReasonCode};

use super::connection::{Connection, Reply};
use super::message::after;
use super::session::Session;
use super::{Model, Situation};
use crate::clients::core::{ConnectionId, SessionIds};

impl Model {
    /// Handles the CONNECT of a client. `ids` are the ids that the broker has given to the client's session.
    /// `[MQTT5-3.1.2-4]` `[MQTT5-3.1.2-5]` `[MQTT5-3.1.4-3]`
    pub(in crate::clients) fn connect(&mut self, client: usize, connect: &Connect, ids: SessionIds) {
        let was_stored = self.is_stored(client);
        self.take_over(client, connect.clean_start);
        self.handle_overdue(client);
        if connect.clean_start && self.sessions.contains_key(&client) {
            self.discard_session(client);
        }
        let present = self.sessions.contains_key(&client);
        if present {
            self.note_resume(client, connect);
        } else {
            let session = Session::begin(ids, connect.version, self.inflight_max);
            self.sessions.insert(client, session);
        }
        assert_eq!(self.session_mut(client).ids, ids, "a session that is resumed keeps its ids");
        self.publishers.insert(client, ids.publisher);
        self.attach(client, connect, present);
        // CONNACK of a stored session must wait for the commit of the session's change, and every other packet must
        // wait for CONNACK.
        let waits = was_stored || self.is_stored(client);
        if !waits {
            self.resume(client, connect);
        }
        self.apply_side_effects();
        if waits {
            self.resume(client, connect);
        }
    }

    /// Handles the loss of a client's network connection.
    pub(in crate::clients) fn close(&mut self, client: usize) {
        self.end_connection(client, None);
        self.apply_side_effects();
    }

    /// Handles the DISCONNECT of a client. `[MQTT5-3.14.4-3]` `[MQTT5-3.1.2-10]`
    pub(super) fn disconnect(&mut self, client: usize, disconnect: &Disconnect) {
        let session = self.session_mut(client);
        let had_will = session.will.is_some();
        if let Some(requested) = disconnect.session_expiry.filter(|_| session.version.is_v5()) {
            if session.expiry == 0 && requested > 0 {
                self.situations.note(Situation::ExpiryRaised);
                return self.violate(client, ReasonCode::ProtocolError);
            }
            let changed = std::mem::replace(&mut session.expiry, requested) != requested;
            self.situations.note_if(changed, Situation::ExpiryChanged);
        }
        if disconnect.reason == ReasonCode::Success {
            self.session_mut(client).will = None;
            self.situations.note_if(had_will, Situation::WillDeleted);
        }
        self.end_connection(client, None);
    }

    /// Ends the connection of a client that has violated the protocol. The client's will is kept. `[MQTT5-4.13.1-1]`
    pub(super) fn violate(&mut self, client: usize, reason: ReasonCode) {
        self.situations.note(Situation::Violation);
        self.account.totals.connections_violated += 1;
        self.end_connection(client, Some(reason));
    }

    /// Ends the connection of a client, whichever side closes it. The will is due after its delay, or at the end of the
    /// session if that is earlier. `[MQTT5-3.1.2-8]` `[MQTT5-3.1.3-9]`
    pub(super) fn end_connection(&mut self, client: usize, farewell: Option<ReasonCode>) {
        let now = self.now;
        let session = self.session_mut(client);
        let id = session.connection.take().expect("the client is connected");
        session.outbound.close();
        let expiry = session.expiry;
        session.expires_at = (expiry != u32::MAX).then(|| after(now, expiry));
        let delay = session.will.as_ref().map(|will| will.delay);
        session.will_at = delay.map(|delay| after(now, delay));
        self.connections.get_mut(&id).expect("its connection is open").end(farewell);
        if expiry == 0 {
            self.situations.note_if(delay.is_some(), Situation::WillAtConnectionEnd);
            self.end_session(client);
        } else if delay == Some(0) {
            self.situations.note(Situation::WillAtConnectionEnd);
            self.publish_will(client);
        }
    }

    /// Ends a session and removes its state. `[MQTT5-3.1.2-23]` `[MQTT5-4.1.0-2]`
    pub(super) fn end_session(&mut self, client: usize) {
        self.publish_will(client);
        let session = self.sessions.remove(&client).expect("the session that ends");
        session.subscriptions.keys().for_each(|filter| self.groups.unsubscribe(filter, session.ids));
        let mut inflight: Vec<_> = session.outbound.inflight.into_values().collect();
        inflight.sort_unstable_by_key(|message| message.order);
        for message in inflight {
            match message.awaits {
                // After PUBREC, the receiver has the message, so the copy counts as delivered.
                AckKind::PubComp => self.account.delivered += 1,
                // No other member may get a QoS 2 message that was sent to one member [MQTT5-4.8.2-5].
                AckKind::PubRec => {
                    self.situations
                        .note_if(message.copy.shared_filter.is_some(), Situation::SharedQoS2Dropped);
                    self.account.totals.dropped_ended += 1;
                }
                _ => self.reassign_or_drop(message.copy, session.ids),
            }
        }
        session.outbound.waiting.into_iter().for_each(|copy| self.reassign_or_drop(copy, session.ids));
    }

    /// Ends the earlier connection of a client, if there is one.
    fn take_over(&mut self, client: usize, clean_start: bool) {
        let Some(session) = self.sessions.get(&client).filter(|session| session.connection.is_some()) else {
            return;
        };
        let delay = session.will.as_ref().map(|will| will.delay);
        let ends = session.expiry == 0;
        self.situations.note(Situation::Takeover);
        self.situations.note_if(delay == Some(0), Situation::TakeoverWithWill);
        self.situations.note_if(ends, Situation::TakeoverEnds);
        let cancels = delay.is_some_and(|delay| delay > 0) && !ends && !clean_start;
        self.situations.note_if(cancels, Situation::TakeoverCancelsWill);
        self.account.totals.takeovers += 1;
        self.end_connection(client, Some(ReasonCode::SessionTakenOver));
    }

    /// Discards the session because of Clean Start.
    fn discard_session(&mut self, client: usize) {
        let session = self.session_mut(client);
        let has_will = session.will.is_some();
        let has_messages = !session.outbound.waiting.is_empty() || !session.outbound.inflight.is_empty();
        self.situations.note(Situation::CleanStart);
        self.situations.note_if(has_will, Situation::CleanStartWithWill);
        self.situations.note_if(has_messages, Situation::CleanStartWithQueue);
        self.end_session(client);
    }

    /// Attaches a new connection to the session.
    fn attach(&mut self, client: usize, connect: &Connect, present: bool) {
        self.last_connection += 1;
        self.account.totals.connections_accepted += 1;
        let id = ConnectionId(self.last_connection);
        let mut connection = Connection::new(client, connect.version, connect.keep_alive, self.now);
        // CONNACK of MQTT 3.1 has no Session Present flag.
        let session_present = present && connect.version != ProtocolVersion::V3_1;
        connection.replies.push_back(Reply::ConnAck(session_present));
        self.connections.insert(id, connection);
        self.session_mut(client).attach(id, connect);
    }

    /// Returns whether the session of a client is in the store.
    fn is_stored(&self, client: usize) -> bool {
        self.has_store && self.sessions.get(&client).is_some_and(|session| session.expiry > 0)
    }
}
