//! How connections and sessions begin and end: sections 3.1.2.4, 3.1.2.11.2, 3.1.3.2.2 and 3.14 of MQTT 5, 3.1.2.4 of MQTT
//! 3.1.1.

use tidegate_mqtt::{AckKind, Connect, Disconnect, ProtocolVersion, ReasonCode};

use super::connection::{Connection, Reply};
use super::message::after;
use super::session::Session;
use super::{Model, Situation};
use crate::clients::core::{ConnectionId, SessionIds};

impl Model {
    /// CONNECT of a client, whose session the broker knows by `ids`. `[MQTT5-3.1.2-4]` `[MQTT5-3.1.2-5]` `[MQTT5-3.1.4-3]`
    pub(in crate::clients) fn connect(&mut self, client: usize, connect: &Connect, ids: SessionIds) {
        let was_stored = self.is_stored(client);
        self.take_over(client, connect.clean_start);
        self.handle_overdue(client);
        if connect.clean_start && self.sessions.contains_key(&client) {
            self.discard(client);
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
        // What CONNACK says of a stored session is stored first. Until then nothing else is sent.
        let waits = was_stored || self.is_stored(client);
        if !waits {
            self.resume(client, connect);
        }
        self.apply_side_effects();
        if waits {
            self.resume(client, connect);
        }
    }

    /// The network connection of the client breaks.
    pub(in crate::clients) fn close(&mut self, client: usize) {
        self.lose(client, None);
        self.apply_side_effects();
    }

    /// DISCONNECT of the client. `[MQTT5-3.14.4-3]` `[MQTT5-3.1.2-10]`
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
        self.lose(client, None);
    }

    /// A protocol violation of the client ends its connection; its will stays. `[MQTT5-4.13.1-1]`
    pub(super) fn violate(&mut self, client: usize, reason: ReasonCode) {
        self.situations.note(Situation::Violation);
        self.account.totals.connections_violated += 1;
        self.lose(client, Some(reason));
    }

    /// The connection of the client ends, whichever side closes it. The will is due after its delay, at the latest when the
    /// session ends. `[MQTT5-3.1.2-8]` `[MQTT5-3.1.3-9]`
    pub(super) fn lose(&mut self, client: usize, farewell: Option<ReasonCode>) {
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
            self.situations.note_if(delay.is_some(), Situation::WillAtOnce);
            self.end(client);
        } else if delay == Some(0) {
            self.situations.note(Situation::WillAtOnce);
            self.publish_will(client);
        }
    }

    /// The session ends with everything in it. `[MQTT5-3.1.2-23]` `[MQTT5-4.1.0-2]`
    pub(super) fn end(&mut self, client: usize) {
        self.publish_will(client);
        let session = self.sessions.remove(&client).expect("the session that ends");
        session.subscriptions.keys().for_each(|filter| self.groups.unsubscribe(filter, session.ids));
        let mut inflight: Vec<_> = session.outbound.inflight.into_values().collect();
        inflight.sort_unstable_by_key(|message| message.order);
        for message in inflight {
            match message.awaits {
                // The receiver has the message.
                AckKind::PubComp => self.account.delivered += 1,
                // Nobody else may get it [MQTT5-4.8.2-5].
                AckKind::PubRec => {
                    self.situations.note_if(message.copy.share.is_some(), Situation::SharedKept);
                    self.account.totals.dropped_ended += 1;
                }
                _ => self.leave(message.copy, session.ids),
            }
        }
        session.outbound.waiting.into_iter().for_each(|copy| self.leave(copy, session.ids));
    }

    /// Ends a connection that the client still has.
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
        self.lose(client, Some(ReasonCode::SessionTakenOver));
    }

    /// Clean Start discards the session.
    fn discard(&mut self, client: usize) {
        let session = self.session_mut(client);
        let has_will = session.will.is_some();
        let has_messages = !session.outbound.waiting.is_empty() || !session.outbound.inflight.is_empty();
        self.situations.note(Situation::CleanStart);
        self.situations.note_if(has_will, Situation::CleanStartWithWill);
        self.situations.note_if(has_messages, Situation::CleanStartWithQueue);
        self.end(client);
    }

    /// The session gets a new connection.
    fn attach(&mut self, client: usize, connect: &Connect, present: bool) {
        self.last_connection += 1;
        self.account.totals.connections_accepted += 1;
        let id = ConnectionId(self.last_connection);
        let mut connection = Connection::new(client, connect.version, connect.keep_alive, self.now);
        // MQTT 3.1 has no Session Present.
        let says_present = present && connect.version != ProtocolVersion::V3_1;
        connection.replies.push_back(Reply::ConnAck(says_present));
        self.connections.insert(id, connection);
        self.session_mut(client).attach(id, connect);
    }

    /// Whether the store has the session of a client.
    fn is_stored(&self, client: usize) -> bool {
        self.has_store && self.sessions.get(&client).is_some_and(|session| session.expiry > 0)
    }
}
