//! Models the timers: keep alive, delayed wills, session expiry. The broker's timers are coarse, so the model observes
//! when the broker handles a timer, and checks that this is neither early nor more than a tick late.

use tidegate_mqtt::ReasonCode;

use super::{Model, Situation, client_id};
use crate::clients::core::Core;

impl Model {
    /// Compares the broker's sessions with the model after the broker has handled one timer, checks that each
    /// difference was due, and updates the model.
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
                (None, None) => self.expire_session(client),
                (None, Some(_)) if holds_will && !core.has_will(&id) => self.publish_delayed_will(client),
                (None, Some(_)) => continue,
            }
            self.apply_side_effects();
        }
    }

    /// Handles a session expiry or a delayed will that was due before a CONNECT, and that the broker has not handled in
    /// a timer yet.
    pub(super) fn handle_overdue(&mut self, client: usize) {
        let now = self.now;
        let Some(session) = self.sessions.get(&client) else { return };
        if session.expires_at.is_some_and(|at| at <= now) {
            self.situations.note(Situation::SessionExpiredAtConnect);
            self.end_session(client);
        } else if session.will_at.is_some_and(|at| at <= now) {
            self.situations.note(Situation::WillOverdue);
            self.publish_will(client);
        }
    }

    /// Checks that nothing is overdue.
    pub(super) fn check_timers(&self) {
        let is_overdue =
            |at: Option<u64>| at.is_some_and(|at| at.next_multiple_of(TICK_MILLISECONDS) <= self.now);
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
                !is_overdue(connection.silence_deadline()),
                "c{client} is silent and connected [MQTT5-3.1.2-22]"
            );
        }
    }

    fn end_silent(&mut self, client: usize) {
        let (now, silence_deadline) = (self.now, self.connection_mut(client).silence_deadline());
        let is_silent = silence_deadline.is_some_and(|at| at <= now);
        assert!(
            is_silent,
            "the broker ends the connection of c{client}, which may be silent until {silence_deadline:?}"
        );
        self.situations.note(Situation::KeepAlive);
        self.account.totals.connections_silent += 1;
        self.end_connection(client, Some(ReasonCode::KeepAliveTimeout));
    }

    fn expire_session(&mut self, client: usize) {
        let now = self.now;
        let session = self.session_mut(client);
        let is_due = session.expires_at.is_some_and(|at| at <= now);
        let has_will = session.will.is_some();
        assert!(is_due, "the session of c{client} ends too early [MQTT5-3.1.2-23]");
        self.situations.note(Situation::SessionExpired);
        self.situations.note_if(has_will, Situation::WillAtExpiry);
        self.end_session(client);
    }

    fn publish_delayed_will(&mut self, client: usize) {
        let now = self.now;
        let is_due = self.session_mut(client).will_at.is_some_and(|at| at <= now);
        assert!(is_due, "the will of c{client} is published too early [MQTT5-3.1.3-9]");
        self.situations.note(Situation::WillDelayed);
        self.publish_will(client);
    }
}

/// Interval between two runs of the broker's timers, in milliseconds.
const TICK_MILLISECONDS: u64 = 250;
