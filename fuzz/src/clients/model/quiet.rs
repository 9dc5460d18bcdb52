//! What has to hold when a step is over: nothing owed now is missing, nothing is overdue, the broker holds what it
//! should, and every copy of every message is accounted for.

use super::connection::Connection;
use super::{Model, client_id};
use crate::clients::broker::{Accounts, Broker, Holding};

impl Model {
    /// Everything that this step demands has come.
    pub(in crate::clients) fn check(&mut self, broker: &mut Broker) {
        let wills: Vec<_> = self.wills_due.iter().map(|due| due.client).collect();
        assert!(wills.is_empty(), "the wills of {wills:?} are due and not published [MQTT5-3.1.2-8]");
        assert!(self.unacknowledged.is_empty(), "nobody hears of {:#?} [MQTT5-4.8.2]", self.unacknowledged);
        self.expired_orphans.clear();
        self.check_connections();
        let clients: Vec<usize> = self.sessions.keys().copied().collect();
        for client in clients {
            self.check_session(client, broker);
        }
        let subscriptions = self.sessions.values().map(|session| session.subscriptions.len()).sum();
        assert_eq!(broker.subscriptions(), subscriptions, "subscriptions in the routing table");
        let open = self.open_copies();
        let account = &self.account;
        assert_eq!(account.copies, account.settled() + open, "the model's own account: {account:?}");
        self.check_accounts(broker.accounts());
    }

    /// A client without a session: the broker has none either.
    pub(in crate::clients) fn check_absence(&self, client: usize, broker: &Broker) {
        let is_gone = self.sessions.contains_key(&client) || broker.holding(&client_id(client)).is_none();
        assert!(is_gone, "the session of c{client} is over and still there [MQTT5-4.1.0-2]");
    }

    fn check_connections(&mut self) {
        for connection in self.connections.values() {
            let Connection { client, replies, .. } = connection;
            assert!(replies.is_empty(), "c{client} does not hear {replies:?}");
        }
        self.connections.retain(|_, connection| !connection.over);
    }

    fn check_session(&mut self, client: usize, broker: &Broker) {
        let now = self.now;
        let session = self.session_mut(client);
        let outbound = &session.outbound;
        assert!(outbound.due.is_empty(), "c{client} does not hear {:#?}", outbound.due);
        assert!(outbound.due_again.is_empty(), "c{client} does not hear {:?} again", outbound.due_again);
        assert!(session.expires_at.is_none_or(|at| at > now), "the session of c{client} does not end");
        assert!(session.will_at.is_none_or(|at| at > now), "the will of c{client} is overdue");
        let holding =
            broker.holding(&client_id(client)).unwrap_or_else(|| panic!("c{client} lost its session"));
        let expected = Holding {
            attached: session.connection.is_some(),
            inflight: outbound.flights.len(),
            // Expired ones may still be there; the account tells.
            queued: holding.queued.max(outbound.waiting.len()),
            subscriptions: session.subscriptions.len(),
        };
        assert_eq!(holding, expected, "what the session of c{client} holds");
        if holding.queued == 0 {
            session.outbound.expired.clear();
        }
        if session.connection.is_some() {
            self.check_replays(client);
        }
    }

    fn open_copies(&self) -> u64 {
        let of = |session: &super::Session| session.outbound.waiting.len() + session.outbound.flights.len();
        self.sessions.values().map(of).sum::<usize>() as u64
    }

    /// Messages in = delivered + queued + dropped, the drops by reason, on both sides alike.
    fn check_accounts(&self, accounts: &Accounts) {
        let account = &self.account;
        assert_eq!(accounts.copies, account.copies, "copies: {accounts:?} {account:?}");
        assert_eq!(accounts.offline, account.offline, "dropped offline: {accounts:?} {account:?}");
        assert_eq!(accounts.queue_full, account.queue_full, "dropped by queues: {accounts:?} {account:?}");
        assert_eq!(accounts.other, 0, "dropped for no reason: {accounts:?}");
        // What has expired may still stand in a queue, or have ended with it.
        let gone = account.expired + account.ended;
        let waiting = accounts.queued.saturating_sub(self.waiting());
        let (expired, ended) = (accounts.expired, accounts.ended);
        assert_eq!(expired + ended + waiting, gone, "expired and ended: {accounts:?} {account:?}");
    }

    fn waiting(&self) -> u64 {
        self.sessions.values().map(|session| session.outbound.waiting.len() as u64).sum()
    }
}
