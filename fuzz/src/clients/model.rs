//! What MQTT demands of the broker, as simply as it can be said: sessions as plain lists, time as a number, no
//! regard for speed. Shares nothing with the broker but the packets as values.

use std::collections::{BTreeMap, VecDeque};

mod account;
mod acknowledge;
mod connection;
mod inbound;
mod life;
mod message;
mod observe;
mod outbound;
mod publish;
mod quiet;
mod replay;
mod report;
mod session;
mod subscribe;

pub(super) use account::Account;
use connection::Connection;
use message::{Message, Owed};
pub(super) use outbound::Awaits;
use session::{Session, WillDue};

use super::broker::{ConnectionId, Report};
use super::setup::{Queue, Setup};
use super::situation::{Situation, Situations};
use super::step::Step;

/// Everything that should be so.
pub(super) struct Model {
    receive_maximum: u16,
    inflight_max: u16,
    queue: Option<Queue>,
    /// Milliseconds since the beginning.
    now: u64,
    sessions: BTreeMap<usize, Session>,
    connections: BTreeMap<ConnectionId, Connection>,
    retained: BTreeMap<String, std::rc::Rc<Message>>,
    /// Wills that have to be published in this step.
    wills_due: Vec<WillDue>,
    /// Messages that a member of a group left behind in this step.
    unacknowledged: Vec<Owed>,
    /// Messages of groups that had expired in the queue of a session that ended in this step. The broker may have known.
    expired_orphans: Vec<Owed>,
    last_serial: u64,
    last_connection: u64,
    pub(super) account: Account,
    pub(super) seen: Situations,
}

impl Model {
    pub(super) fn new(setup: &Setup) -> Self {
        Self {
            receive_maximum: setup.receive_maximum,
            inflight_max: setup.inflight_max,
            queue: setup.queue,
            now: 0,
            sessions: BTreeMap::new(),
            connections: BTreeMap::new(),
            retained: BTreeMap::new(),
            wills_due: Vec::new(),
            unacknowledged: Vec::new(),
            expired_orphans: Vec::new(),
            last_serial: 0,
            last_connection: 0,
            account: Account::default(),
            seen: Situations::default(),
        }
    }

    /// What the step demands, given what the broker decided where it may.
    pub(super) fn apply(&mut self, step: &Step, reports: Vec<Report>) {
        let mut reports = VecDeque::from(reports);
        match step {
            Step::Connect { client, connect, lag } => {
                self.pass(*lag);
                self.connect(*client, connect);
            }
            Step::Send { client, packet } => self.handle(*client, packet, &mut reports),
            Step::Close { client } => self.lose(*client, None),
            Step::Silence { client } => {
                self.seen.note(Situation::KeepAlive);
                self.lose(*client, Some(tidegate_mqtt::ReasonCode::KeepAliveTimeout));
            }
            Step::CloseLate { .. } => self.seen.note(Situation::LateClose),
            Step::Pass { milliseconds } => self.pass(*milliseconds),
            Step::Sweep => {}
        }
        self.settle(&mut reports);
    }

    /// Milliseconds since the beginning.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// The connection of a client.
    pub(super) fn connection(&self, client: usize) -> Option<ConnectionId> {
        self.sessions.get(&client)?.connection
    }

    /// The session of a client.
    pub(super) fn session(&self, client: usize) -> Option<&Session> {
        self.sessions.get(&client)
    }

    /// When something falls due next.
    pub(super) fn next_due(&self) -> Option<u64> {
        let sessions = self.sessions.values().flat_map(|session| [session.will_at, session.expires_at]);
        let waiting = self.sessions.values().flat_map(|session| session.outbound.expiries());
        sessions.flatten().chain(waiting).filter(|due| *due > self.now).min()
    }

    fn session_mut(&mut self, client: usize) -> &mut Session {
        self.sessions.get_mut(&client).unwrap_or_else(|| panic!("c{client} has no session"))
    }
}

/// How the client with this number calls itself.
pub(super) fn client_id(client: usize) -> String {
    format!("c{client}")
}

/// The number of the client that calls itself so.
fn number(client_id: &str) -> usize {
    client_id.trim_start_matches('c').parse().expect("a client identifier of ours")
}
