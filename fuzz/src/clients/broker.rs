//! Sessions and routing put together as the gateway does it, without sockets, cores and clock: bytes in, bytes out,
//! one call at a time. Decides nothing about MQTT that the gateway does not decide in the same way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::PACKET_SIZE_MAX;
use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Packet, ProtocolVersion};
use tidegate_routing::{RetainedConfig, RetainedStore, Router, Subscriber};
use tidegate_session::{Cause, Config, Connection, Handshake, Session, Step};

mod accounts;
mod attach;
mod dispatch;
mod end;
mod publish;
mod replay;
mod report;
mod subscribe;

pub(super) use accounts::Accounts;
use end::End;
use replay::Replays;
pub(super) use report::{Group, Report};

use super::setup::Setup;
use crate::random::Random;

/// Names one network connection for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectionId(pub(super) u64);

/// The handle by which the router names a session.
#[derive(Clone, Copy)]
struct Member(u64);

impl Subscriber for Member {
    fn id(&self) -> u64 {
        self.0
    }
}

/// A session's place.
struct Seat {
    client_id: Arc<str>,
    session: Session,
    /// The connection that owns it.
    connection: Option<ConnectionId>,
}

/// A network connection, also when it is over: it may not know yet.
struct Line {
    /// The number of its session.
    number: u64,
    epoch: u64,
    version: ProtocolVersion,
    connection: Connection,
    replays: Replays,
    /// What is still to be written, when it is over.
    rest: Option<Vec<u8>>,
}

/// What one session holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) attached: bool,
    pub(super) inflight: usize,
    pub(super) queued: usize,
    pub(super) subscriptions: usize,
}

/// The broker.
pub(super) struct Broker {
    config: Arc<Config>,
    router: Router<Member>,
    strategy: tidegate_routing::Strategy,
    retained: RetainedStore,
    random: Random,
    last_number: u64,
    seats: BTreeMap<u64, Seat>,
    lines: BTreeMap<ConnectionId, Line>,
    beginning: Instant,
    /// The present moment.
    now: Instant,
    reports: Vec<Report>,
    accounts: Accounts,
    /// Whether a session took a frame at QoS 1.
    has_copied: bool,
}

impl Broker {
    pub(super) fn new(setup: &Setup, now: Instant) -> Self {
        let routing = setup.routing();
        Self {
            config: Arc::new(setup.session()),
            strategy: routing.strategy,
            router: Router::new(routing),
            retained: RetainedStore::new(RetainedConfig::default()),
            random: Random::new(setup.seed),
            last_number: 0,
            seats: BTreeMap::new(),
            lines: BTreeMap::new(),
            beginning: now,
            now,
            reports: Vec::new(),
            accounts: Accounts::default(),
            has_copied: false,
        }
    }

    /// The first packet of a connection.
    pub(super) fn open(&mut self, id: ConnectionId, bytes: &[u8]) {
        let Ok(Next::Frame(frame)) = frame::first(bytes, self.config.packet_size_max) else {
            panic!("CONNECT is a whole packet")
        };
        let Ok(Packet::Connect(connect)) = Packet::decode(&frame, ProtocolVersion::V5) else {
            panic!("CONNECT is well formed")
        };
        let mut handshake = Handshake::new(Arc::clone(&self.config), None);
        match handshake.handle_connect(*connect, || unreachable!("clients name themselves")) {
            Step::Accept(negotiated) => self.attach(id, &negotiated),
            other => panic!("a good client is refused: {other:?}"),
        }
    }

    /// Packets from the client.
    pub(super) fn receive(&mut self, id: ConnectionId, bytes: &[u8]) {
        let version = self.line(id).version;
        let mut rest = bytes;
        while !rest.is_empty() {
            let Ok(Next::Frame(frame)) = frame::next(rest, version, PACKET_SIZE_MAX) else {
                panic!("clients send whole packets")
            };
            rest = &rest[frame.wire.len()..];
            if let Err(end) = self.dispatch(id, &frame) {
                return self.finish(id, &end);
            }
        }
    }

    /// The network connection is gone, or we give it up.
    pub(super) fn close(&mut self, id: ConnectionId, cause: Cause) {
        self.finish(id, &End::by(cause));
    }

    /// A connection that has ended says so once more, late; it is forgotten then.
    pub(super) fn close_late(&mut self, id: ConnectionId) {
        self.close(id, Cause::Closed);
        self.lines.remove(&id);
    }

    /// The bytes that the client reads now.
    pub(super) fn take_output(&mut self, id: ConnectionId) -> Vec<u8> {
        let Some(line) = self.lines.get_mut(&id) else { return Vec::new() };
        if let Some(rest) = &mut line.rest {
            return std::mem::take(rest);
        }
        self.replay(id);
        let number = self.line(id).number;
        let now = self.now;
        let session = self.session(number);
        session.pump(now);
        take_pending(session)
    }

    /// What the broker decided since the last call, in order.
    pub(super) fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Whether a session took a frame at QoS 1 since the last call.
    pub(super) fn take_copied(&mut self) -> bool {
        std::mem::take(&mut self.has_copied)
    }

    /// Copies handed out and dropped so far.
    pub(super) fn accounts(&mut self) -> &Accounts {
        self.accounts.queued = 0;
        for seat in self.seats.values_mut() {
            self.accounts.add(&seat.session.take_drops());
            self.accounts.queued += seat.session.queued() as u64;
        }
        &self.accounts
    }

    /// What the session of a client holds; none where there is no session.
    pub(super) fn holding(&self, client_id: &str) -> Option<Holding> {
        let seat = self.seats.values().find(|seat| *seat.client_id == *client_id)?;
        Some(Holding {
            attached: seat.session.is_attached(),
            inflight: seat.session.inflight() as usize,
            queued: seat.session.queued(),
            subscriptions: seat.session.subscriptions().count(),
        })
    }

    /// Subscriptions of all sessions in the routing table.
    pub(super) fn subscriptions(&self) -> usize {
        self.router.subscriptions()
    }

    fn line(&mut self, id: ConnectionId) -> &mut Line {
        self.lines.get_mut(&id).expect("a connection that is open")
    }

    fn session(&mut self, number: u64) -> &mut Session {
        &mut self.seats.get_mut(&number).expect("a session with this number").session
    }
}

fn take_pending(session: &mut Session) -> Vec<u8> {
    let mut bytes = Vec::new();
    session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
    bytes
}
