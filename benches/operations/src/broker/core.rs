//! A core without sockets and runtime. The core runs turns, carries out their effects and writes to clients, as
//! `gateway/src/driver` and `gateway/src/cores` do. Each client's socket accepts all bytes and discards them.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use smallvec::SmallVec;
use tidegate_broker::{
    BeginWrite, Broker, BrokerConfig, ClientConnection, ConnectStep, CoreCounters, CoreId, DirectWrite, End,
    LinkFacts, SessionHandle, SessionStore, Signal, Signals, TimerQueue, Turn, Workspace, WriteInProgress,
    Written,
};

/// The broker and the only core that runs its turns.
pub(super) struct Core {
    broker: Arc<Broker>,
    workspace: Workspace,
    timers: TimerQueue,
    /// Signals of the connections whose acknowledgements wait for a commit.
    awaiting_commit: Vec<Arc<Signals>>,
    /// Reused list for the sessions that [`Self::flush`] writes to. The list is empty outside of that function.
    sessions_to_flush: Vec<Arc<SessionHandle>>,
    buffers: Vec<Vec<u8>>,
    now: Instant,
}

/// A socket that accepts all bytes and discards them.
#[derive(Debug)]
struct Sink;

impl DirectWrite for Sink {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }
}

impl Core {
    /// Creates a broker with a single core.
    pub(super) fn new(config: BrokerConfig, store: Option<SessionStore>) -> Self {
        let now = Instant::now();
        Self {
            broker: Arc::new(Broker::new(config, store, now)),
            workspace: Workspace::new(Arc::new(CoreCounters::new(1)), 1),
            timers: TimerQueue::default(),
            awaiting_commit: Vec::new(),
            sessions_to_flush: Vec::new(),
            buffers: Vec::new(),
            now,
        }
    }

    /// Returns the number of message copies sent to clients so far.
    pub(super) fn messages_sent(&self) -> u64 {
        self.workspace.counters.default_tenant().messages_sent.read()
    }

    /// Advances the clock and handles the timers that are due.
    pub(super) fn advance_clock(&mut self, time: Duration) {
        self.now += time;
        while let Some(timer) = self.timers.take_due(self.now) {
            let _ = self.turn(|broker, turn| broker.timeout(turn, timer));
        }
    }

    /// Accepts a client. `wire` is the CONNECT packet that the client sent.
    pub(super) fn accept(&mut self, mut wire: Vec<u8>) -> ClientConnection {
        let listener = &self.broker.tenant().internal_context().listener;
        let step = self.broker.begin_connect(listener).receive(&mut wire, String::new);
        let ConnectStep::Accept(negotiated) = step else { panic!("refused: {step:?}") };
        let admitted = self.broker.admit(&negotiated, listener, None).now_or_never();
        let context = admitted.expect("no hook waits").expect("every client is admitted");
        let facts = LinkFacts { core: CoreId(0), writer: Some(Arc::new(Sink)), heartbeat: None };
        let connected = self.turn(|broker, turn| broker.connect(turn, &negotiated, &context, facts));
        let Ok(receipt) = connected else { panic!("the former connection still publishes") };
        ClientConnection::new(Arc::clone(&self.broker), receipt)
    }

    /// Polls a connection as the gateway's driver does. `bytes` are the bytes that the client's socket has received;
    /// there may be none.
    pub(super) fn poll(&mut self, connection: &mut ClientConnection, bytes: &[u8]) -> Result<(), End> {
        connection.take_signals()?;
        self.turn(|_, turn| {
            connection.release(turn)?;
            connection.resume(turn)?;
            assert!(connection.take_output(turn, Vec::new)?.is_none(), "the core writes it");
            if !bytes.is_empty() {
                assert!(connection.wants_input(turn));
                let received = connection.receive(turn, bytes)?;
                assert!(received.used == bytes.len() && !received.has_more);
            }
            connection.replay(turn).map(drop)
        })
    }

    /// Ends a connection, as the gateway does after [`Self::poll`] failed.
    pub(super) fn end(&mut self, connection: ClientConnection, end: &End) {
        let mut rest = Vec::new();
        self.turn(|_, turn| connection.end(turn, end, &mut rest));
    }

    /// Handles a commit of the store: sends the messages that waited for the commit, and signals the connections whose
    /// acknowledgements waited for it.
    pub(super) fn commit_reached(&mut self) {
        self.turn(|broker, turn| broker.commit_reached(turn));
        self.awaiting_commit.drain(..).for_each(|signals| signals.notify(Signal::Committed));
    }

    /// Writes to every client for which the broker has bytes.
    pub(super) fn flush(&mut self) {
        let mut sessions_to_flush = std::mem::take(&mut self.sessions_to_flush);
        self.workspace.effects.take_flushes(&mut sessions_to_flush);
        let mut buffers = std::mem::take(&mut self.buffers);
        self.turn(|broker, turn| {
            for session in sessions_to_flush.drain(..) {
                write_session(broker, turn, &mut buffers, &session);
            }
        });
        (self.sessions_to_flush, self.buffers) = (sessions_to_flush, buffers);
    }

    fn turn<R>(&mut self, work: impl FnOnce(&Broker, &mut Turn<'_>) -> R) -> R {
        let budget = self.broker.config().turn_budget;
        let outcome = work(&self.broker, &mut self.workspace.turn(self.now, budget));
        if !self.workspace.effects.is_quiet() {
            self.carry_out();
        }
        outcome
    }

    fn carry_out(&mut self) {
        let effects = &mut self.workspace.effects;
        effects.take_notifications().for_each(|(signals, signal)| signals.notify(signal));
        for timer in effects.take_timers() {
            self.timers.insert(timer);
        }
        effects.take_connections_to_wake(&mut self.awaiting_commit);
        // Nothing to do here: the cases with a store call `commit_reached` after a commit.
        let _ = effects.take_awaited_commit();
    }
}

fn write_session(
    broker: &Broker,
    turn: &mut Turn<'_>,
    buffers: &mut Vec<Vec<u8>>,
    session: &Arc<SessionHandle>,
) {
    session.unmark();
    loop {
        let begun = broker.begin_write(session, || buffers.pop().unwrap_or_default());
        let BeginWrite::Write(mut write) = begun else { return };
        write_all_bytes(&mut write);
        write.record_progress(turn.now);
        let (has_more, buffer) = broker.end_write(turn, session, write, Written::All);
        buffers.extend(buffer);
        if !has_more {
            return;
        }
    }
}

fn write_all_bytes(write: &mut WriteInProgress) {
    while !write.batch.is_empty() {
        let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
        write.batch.slices(&mut slices);
        let written = write.writer.try_write(&slices).expect("the sink accepts all bytes");
        drop(slices);
        write.batch.advance(written);
    }
}
