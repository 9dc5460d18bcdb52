//! Checks after each step: the clients have received all packets that were due, no timer is overdue, the broker has the
//! expected sessions and queues, and every copy of every message is accounted for.

use std::collections::BTreeMap;

use super::connection::Connection;
use super::{Model, client_id};
use crate::clients::core::Core;

impl Model {
    /// Checks that everything this step demands has happened.
    pub(in crate::clients) fn check(&mut self, core: &Core) {
        self.check_connections();
        self.check_timers();
        let clients: Vec<usize> = self.sessions.keys().copied().collect();
        for client in clients {
            self.check_session(client, core);
        }
        let subscriptions: usize = self.sessions.values().map(|session| session.subscriptions.len()).sum();
        assert_eq!(core.subscriptions(), subscriptions, "subscriptions in the routing table");
        let (account, open) = (&self.account, self.open_copies());
        assert_eq!(account.copies, account.settled() + open, "the model's own account: {account:?}");
        let totals = core.totals();
        let differing =
            totals.list().into_iter().zip(account.totals.list()).filter(|(one, other)| one != other);
        let differing = differing.map(|((name, broker), (_, model))| (name, broker, model));
        assert!(totals == account.totals, "counters (broker, model): {:?}", differing.collect::<Vec<_>>());
    }

    /// Checks that a client without a session in the model has no session in the broker.
    pub(in crate::clients) fn check_absence(&self, client: usize, core: &Core) {
        let is_gone = self.sessions.contains_key(&client) || core.session(&client_id(client)).is_none();
        assert!(is_gone, "the session of c{client} has ended and is still there [MQTT5-4.1.0-2]");
    }

    /// Checks that the broker has exactly the sessions and retained messages of the model. This check takes longer than
    /// [`Self::check`].
    pub(in crate::clients) fn check_all(&self, core: &mut Core) {
        assert_eq!(core.sessions(), self.sessions.len(), "sessions");
        let fresh = self.retained.values().filter(|message| !message.is_expired(self.now));
        let expected: BTreeMap<_, _> =
            fresh.map(|message| (message.topic.clone(), message.payload.to_vec())).collect();
        assert_eq!(core.retained("t/#"), expected, "retained messages [MQTT5-3.3.1-5]");
    }

    fn check_connections(&mut self) {
        for connection in self.connections.values() {
            let Connection { client, replies, .. } = connection;
            assert!(replies.is_empty(), "c{client} does not receive {replies:?}");
        }
        self.connections.retain(|_, connection| !connection.has_ended);
    }

    fn check_session(&mut self, client: usize, core: &Core) {
        let session = &self.sessions[&client];
        let outbound = &session.outbound;
        assert!(outbound.due.is_empty(), "c{client} does not receive {:#?}", outbound.due);
        assert!(
            outbound.resends_due.is_empty(),
            "c{client} does not receive {:?} again",
            outbound.resends_due
        );
        let info = core.session(&client_id(client)).unwrap_or_else(|| panic!("c{client} lost its session"));
        assert_eq!(info.version, session.connection.map(|_| session.version), "the connection of c{client}");
        assert_eq!(info.session_expiry, session.expiry, "the session expiry of c{client}");
        assert_eq!(info.subscriptions, session.subscriptions.len(), "the subscriptions of c{client}");
        let inflight: u32 = outbound.inflight.len().try_into().expect("few messages are in flight");
        assert_eq!(info.inflight, inflight, "messages in flight to c{client}");
        assert_eq!(info.queued, outbound.waiting.len(), "messages in the queue of c{client}");
        if session.connection.is_some() {
            self.check_replays(client);
        }
    }

    fn open_copies(&self) -> u64 {
        let open =
            |session: &super::Session| session.outbound.waiting.len() + session.outbound.inflight.len();
        self.sessions.values().map(open).sum::<usize>() as u64
    }
}
