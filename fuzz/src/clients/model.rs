//! A model of what MQTT demands of the broker. The model is simple and slow: sessions are plain lists, and time is a
//! number. The model shares two things with the broker: the types of packets, and the routing table that chooses the
//! member of a shared subscription.

use std::collections::BTreeMap;
use std::rc::Rc;

mod account;
mod acknowledge;
mod check;
mod connection;
mod groups;
mod inbound;
mod lifecycle;
mod message;
mod observe;
mod outbound;
mod publish;
mod replay;
mod resume;
mod session;
mod side_effects;
mod subscribe;
mod timeout;

pub(super) use account::CopyCounts;
use connection::Connection;
use groups::Groups;
use message::Message;
use session::Session;
use side_effects::SideEffects;

use super::core::ConnectionId;
use super::setup::{Queue, Setup};
use super::situation::{Situation, Situations};

/// The expected state of the broker.
pub(super) struct Model {
    receive_maximum: u16,
    inflight_max: u16,
    queue: Option<Queue>,
    has_store: bool,
    /// Current time in milliseconds since the start of the run.
    now: u64,
    sessions: BTreeMap<usize, Session>,
    connections: BTreeMap<ConnectionId, Connection>,
    retained: BTreeMap<String, Rc<Message>>,
    groups: Groups,
    /// The ids by which the routing table identifies clients as publishers.
    publishers: BTreeMap<usize, u64>,
    side_effects: SideEffects,
    last_connection: u64,
    pub(super) account: CopyCounts,
    pub(super) situations: Situations,
}

impl Model {
    pub(super) fn new(setup: &Setup) -> Self {
        Self {
            receive_maximum: setup.receive_maximum,
            inflight_max: setup.inflight_max,
            queue: setup.queue,
            has_store: setup.has_store,
            now: 0,
            sessions: BTreeMap::new(),
            connections: BTreeMap::new(),
            retained: BTreeMap::new(),
            groups: Groups::new(setup),
            publishers: BTreeMap::new(),
            side_effects: SideEffects::default(),
            last_connection: 0,
            account: CopyCounts::default(),
            situations: Situations::default(),
        }
    }

    /// Advances the time.
    pub(super) fn advance_clock(&mut self, milliseconds: u64) {
        self.now += milliseconds;
    }

    /// Removes expired messages from the queues of sessions without a connection, as the broker does.
    pub(super) fn sweep(&mut self) {
        let clients: Vec<_> = self.sessions.keys().copied().collect();
        for client in clients {
            let now = self.now;
            let session = self.session_mut(client);
            if session.connection.is_none() {
                session.outbound.sweep(now);
            }
            self.count_expired(client);
        }
    }

    /// Returns the current time in milliseconds since the start of the run.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Returns the connection of a client.
    pub(super) fn connection(&self, client: usize) -> Option<ConnectionId> {
        self.sessions.get(&client)?.connection
    }

    /// Returns the session of a client.
    pub(super) fn session(&self, client: usize) -> Option<&Session> {
        self.sessions.get(&client)
    }

    /// Returns the next time at which something becomes due or expires.
    pub(super) fn next_due(&self) -> Option<u64> {
        let sessions = self.sessions.values().flat_map(|session| [session.will_at, session.expires_at]);
        let waiting = self.sessions.values().flat_map(|session| session.outbound.expiries().map(Some));
        let silences = self.connections.values().map(Connection::silence_deadline);
        sessions.chain(waiting).chain(silences).flatten().filter(|due| *due > self.now).min()
    }

    fn session_mut(&mut self, client: usize) -> &mut Session {
        self.sessions.get_mut(&client).unwrap_or_else(|| panic!("c{client} has no session"))
    }

    /// Returns the connection of a client, which must have one.
    fn connection_mut(&mut self, client: usize) -> &mut Connection {
        let id = self.session_mut(client).connection.expect("the client is connected");
        self.connections.get_mut(&id).expect("its connection is open")
    }
}

/// Returns the client identifier of a client.
pub(super) fn client_id(client: usize) -> String {
    format!("c{client}")
}
