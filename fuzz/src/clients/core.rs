//! Runs the production broker as one core of the gateway does, but in virtual time and with one call at a time. This
//! module passes bytes in and out, carries out effects and polls connections; the broker makes every decision about
//! MQTT.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use tidegate_broker::{
    Broker, BrokerConfig, ClientConnection, ConnectStep, CoreCounters, CoreId, End, LinkFacts, SessionStore,
    Signal, Signals, TimerQueue, Turn, Workspace,
};
use tidegate_persistence::Memory;
use tidegate_session::Cause;

use super::setup::Setup;

mod connection;
mod queries;

use connection::{ClosedConnection, Connection, OpenConnection};
pub(super) use queries::SessionIds;

/// Identifies a network connection. An identifier is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectionId(pub(super) u64);

/// Records which kinds of work took more than one turn because the budget of a turn was spent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MultiTurnWork {
    /// Whether a publish, SUBSCRIBE or UNSUBSCRIBE took several turns.
    pub(super) operation_took_turns: bool,
    /// Whether a turn ended between two packets of one read.
    pub(super) read_took_turns: bool,
}

/// The broker and the only core that runs its turns.
pub(super) struct Core {
    broker: Arc<Broker>,
    workspace: Workspace,
    /// Maximum amount of work in one turn.
    turn_budget: u32,
    timers: TimerQueue,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Signals of the connections whose acknowledgements wait for a commit.
    awaiting_commit: Vec<Arc<Signals>>,
    /// Whether the broker waits for a commit, which this store has reached at once.
    commit_reached: bool,
    /// Whether an effect was carried out since the connections were last polled.
    has_effects: bool,
    interrupted: MultiTurnWork,
    now: Instant,
}

impl Core {
    pub(super) fn new(setup: &Setup, now: Instant) -> Self {
        let config = BrokerConfig {
            session: Arc::new(setup.session()),
            routing: setup.routing(),
            turn_budget: setup.turn_budget,
            ..BrokerConfig::default()
        };
        Self {
            broker: Arc::new(Broker::new(config, setup.has_store.then(open_store), now)),
            workspace: Workspace::new(Arc::new(CoreCounters::new(1)), setup.seed),
            turn_budget: setup.turn_budget,
            timers: TimerQueue::default(),
            connections: BTreeMap::new(),
            awaiting_commit: Vec::new(),
            commit_reached: false,
            has_effects: false,
            interrupted: MultiTurnWork::default(),
            now,
        }
    }

    /// Opens a connection. `bytes` are the CONNECT packet.
    pub(super) fn open(&mut self, id: ConnectionId, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let assign_id = || unreachable!("every client sends a client identifier");
        let context = Arc::clone(self.broker.tenant().internal_context());
        let step = self.broker.begin_connect(&context.listener).receive(&mut bytes, assign_id);
        let ConnectStep::Accept(negotiated) = step else {
            panic!("a valid CONNECT is not accepted: {step:?}")
        };
        let admitted = self.broker.admit(&negotiated, &context.listener, None).now_or_never();
        let context = admitted.expect("no hook waits").expect("the store is never full");
        let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
        let connected = self.run_turn(|broker, turn| broker.connect(turn, &negotiated, &context, facts));
        let Ok(receipt) = connected else { panic!("the former connection still publishes") };
        let client = ClientConnection::new(Arc::clone(&self.broker), receipt);
        self.connections.insert(id, Connection::Open(Box::new(OpenConnection::new(client))));
        self.run_until_idle();
    }

    /// Passes whole packets from the client to the broker.
    pub(super) fn receive(&mut self, id: ConnectionId, bytes: &[u8]) {
        let Some(Connection::Open(open)) = self.connections.get_mut(&id) else { panic!("{id:?} is closed") };
        open.add_input(bytes);
        self.run_until_idle();
    }

    /// Breaks a network connection.
    pub(super) fn close(&mut self, id: ConnectionId) {
        self.end_connection(id, &End::closed());
        self.run_until_idle();
    }

    /// Reports the end of a connection that has already ended to the broker again, and removes the connection.
    pub(super) fn close_late(&mut self, id: ConnectionId) {
        let Some(Connection::Closed(ClosedConnection { owner, .. })) = self.connections.remove(&id) else {
            panic!("{id:?} has not ended")
        };
        let mut rest = Vec::new();
        let _ = self.run_turn(|broker, turn| broker.disconnect(turn, &owner, Cause::Closed, &mut rest));
        assert!(rest.is_empty(), "a connection that has ended takes bytes of the session's next connection");
        self.run_until_idle();
    }

    /// Takes the bytes that the broker has written for the client.
    pub(super) fn take_output(&mut self, id: ConnectionId) -> Vec<u8> {
        match self.connections.get_mut(&id) {
            None => Vec::new(),
            Some(Connection::Open(open)) => mem::take(&mut open.output),
            Some(Connection::Closed(closed)) => mem::take(&mut closed.output),
        }
    }

    /// Sets the current time to `now`. [`Self::fire_timer`] handles the timers that are due.
    pub(super) fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// Handles the next timer that is due. Returns false if no timer is due.
    pub(super) fn fire_timer(&mut self) -> bool {
        let Some(timer) = self.timers.take_due(self.now) else { return false };
        let _ = self.run_turn(|broker, turn| broker.timeout(turn, timer));
        self.run_until_idle();
        true
    }

    /// Removes expired messages, as the housekeeping of the gateway does.
    pub(super) fn sweep(&mut self) {
        self.run_turn(|broker, turn| broker.sweep_retained(turn, usize::MAX));
        let mut next = Some(0);
        while let Some(shard) = next {
            next = self.run_turn(|broker, turn| broker.sweep_sessions(turn, shard));
        }
        self.run_until_idle();
    }

    /// Returns which kinds of work took several turns since the last call.
    pub(super) fn take_interrupted(&mut self) -> MultiTurnWork {
        mem::take(&mut self.interrupted)
    }

    /// Runs turns until neither the broker nor a connection has work left.
    fn run_until_idle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut is_active = self.poll_connections();
            if mem::take(&mut self.commit_reached) {
                self.run_turn(|broker, turn| broker.commit_reached(turn));
                self.awaiting_commit.drain(..).for_each(|signals| signals.notify(Signal::Committed));
                is_active = true;
            }
            is_active |= mem::take(&mut self.has_effects);
            if !is_active {
                return;
            }
        }
        panic!("the broker does not come to rest")
    }

    /// Runs one turn of each connection. Returns whether a connection needs another turn.
    fn poll_connections(&mut self) -> bool {
        let mut is_active = false;
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(Connection::Open(open)) = self.connections.get_mut(&id) else { continue };
            let polled = match open.handle_signals() {
                Ok(()) => open.poll(&mut self.workspace.turn(self.now, self.turn_budget)),
                Err(end) => Err(end),
            };
            open.note_interrupted(&mut self.interrupted);
            self.collect_effects();
            match polled {
                Ok(has_more) => is_active |= has_more,
                Err(end) => self.end_connection(id, &end),
            }
        }
        is_active
    }

    /// Ends a connection. The last bytes of the connection are kept until the client reads them.
    fn end_connection(&mut self, id: ConnectionId, end: &End) {
        let Some(Connection::Open(open)) = self.connections.remove(&id) else { panic!("{id:?} is closed") };
        let closed = self.run_turn(|_, turn| open.end(turn, end));
        self.connections.insert(id, Connection::Closed(closed));
    }

    /// Runs a turn and carries out its effects.
    fn run_turn<R>(&mut self, work: impl FnOnce(&Broker, &mut Turn<'_>) -> R) -> R {
        let outcome = work(&self.broker, &mut self.workspace.turn(self.now, self.turn_budget));
        self.collect_effects();
        outcome
    }

    fn collect_effects(&mut self) {
        let effects = &mut self.workspace.effects;
        self.has_effects |= effects.has_flushes() || !effects.is_quiet();
        let mut flushes = Vec::new();
        effects.take_flushes(&mut flushes);
        // The next poll of each connection takes the bytes that wait to be written.
        flushes.iter().for_each(|handle| handle.unmark());
        effects.take_notifications().for_each(|(signals, signal)| signals.notify(signal));
        for timer in effects.take_timers() {
            self.timers.insert(timer);
        }
        effects.take_connections_to_wake(&mut self.awaiting_commit);
        if let Some(commit) = effects.take_awaited_commit() {
            assert!(self.broker.durability().is_committed(commit), "this store commits at once");
            self.commit_reached = true;
        }
    }
}

/// Opens a store that commits immediately.
fn open_store() -> SessionStore {
    let opened = SessionStore::open(|| {}, |observer| Ok::<_, ()>(Arc::new(Memory::new(observer)) as _));
    opened.expect("a store in memory opens")
}

/// Maximum number of rounds of turns per step, far more than any step needs.
const ROUNDS_MAX: usize = 100_000;
