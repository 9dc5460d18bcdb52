//! What becomes due: keep alive, delayed wills, session expiry. The broker's timers are coarse, so the model observes when the broker
//! handles what is due, and checks that this is neither early nor more than a tick late.

use tidegate_mqtt::ReasonCode;

use super::{Model, Situation, client_id};
use crate::clients::core::Core;

impl Model {
    /// The broker has handled one timer: takes over what it did.
    pub(in crate::clients) fn observe_timeout(&mut self, core: &Core) {
        let clients: Vec<_> = self.sessions.keys().copied().collect();
        for client in clients {
            let id = client_id(client);
            let observed = core.session(&id);
            let session = self.session_mut(client);
            let holds_will = session.will.is_some();
            match (session.connection, observed) {
                (Some(_), Some(info)) if info.version.is_some() => continue,
                (Some(_), _) => self.end_silent(client),
                (None, None) => self.expire(client),
                (None, Some(_)) if holds_will && !core.has_will(&id) => self.publish_delayed_will(client),
                (None, Some(_)) => continue,
            }
            self.apply_side_effects();
        }
    }

    /// What was due before a CONNECT and has not been handled.
    pub(super) fn handle_overdue(&mut self, client: usize) {
        let now = self.now;
        let Some(session) = self.sessions.get(&client) else { return };
        if session.expires_at.is_some_and(|at| at <= now) {
            self.situations.note(Situation::SessionExpiredAtConnect);
            self.end(client);
        } else if session.will_at.is_some_and(|at| at <= now) {
            self.situations.note(Situation::WillOverdue);
            self.publish_will(client);
        }
    }

    /// Nothing is overdue.
    pub(super) fn check_timers(&self) {
        let is_overdue = |at: Option<u64>| at.is_some_and(|at| at.next_multiple_of(TICK) <= self.now);
        for (client, session) in &self.sessions {
            assert!(
                !is_overdue(session.expires_at),
                "the session of c{client} does not end [MQTT5-3.1.2-23]"
            );
            assert!(!is_overdue(session.will_at), "the will of c{client} is overdue [MQTT5-3.1.3-9]");
        }
        for connection in self.connections.values() {
            let client = connection.client;
            assert!(
                !is_overdue(connection.silent_at()),
                "c{client} is silent and connected [MQTT5-3.1.2-22]"
            );
        }
    }

    fn end_silent(&mut self, client: usize) {
        let (now, silent_at) = (self.now, self.connection_mut(client).silent_at());
        let is_silent = silent_at.is_some_and(|at| at <= now);
        assert!(
            is_silent,
            "the broker ends the connection of c{client}, which may be silent until {silent_at:?}"
        );
        self.situations.note(Situation::KeepAlive);
        self.account.totals.connections_silent += 1;
        self.lose(client, Some(ReasonCode::KeepAliveTimeout));
    }

    fn expire(&mut self, client: usize) {
        let now = self.now;
        let session = self.session_mut(client);
        let is_due = session.expires_at.is_some_and(|at| at <= now);
        let has_will = session.will.is_some();
        assert!(is_due, "the session of c{client} ends too early [MQTT5-3.1.2-23]");
        self.situations.note(Situation::SessionExpired);
        self.situations.note_if(has_will, Situation::WillAtExpiry);
        self.end(client);
    }

    fn publish_delayed_will(&mut self, client: usize) {
        let now = self.now;
        let is_due = self.session_mut(client).will_at.is_some_and(|at| at <= now);
        assert!(is_due, "the will of c{client} is published too early [MQTT5-3.1.3-9]");
        self.situations.note(Situation::WillDelayed);
        self.publish_will(client);
    }
}

/// The broker handles what is due at multiples of this many milliseconds.
const TICK: u64 = 250;
