//! Holds the session, its connection and the models of both, and checks them after each operation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_session::{Config, Connection, Negotiated, Session};

use super::inbound::Inbound;
use super::lifecycle::LifecycleModel;
use super::operation::{ClockOperation, Operation};
use super::outbound::Outbound;
use super::subscriptions::Subscriptions;
use super::wire::Wire;

/// The session, its present connection, and their models.
pub(super) struct Harness {
    pub(super) config: Arc<Config>,
    pub(super) session: Session,
    pub(super) now: Instant,
    pub(super) lifecycle: LifecycleModel,
    pub(super) connection: Option<OpenConnection>,
    pub(super) outbound: Outbound,
    pub(super) inbound: Inbound,
    pub(super) subscriptions: Subscriptions,
}

/// The present connection of the session.
pub(super) struct OpenConnection {
    pub(super) negotiated: Negotiated,
    pub(super) inbound: Connection,
    pub(super) epoch: u64,
    pub(super) resumed: bool,
    pub(super) wire: Wire,
}

impl Harness {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self {
            session: Session::new(1, Arc::clone(&config)),
            now: Instant::now(),
            lifecycle: LifecycleModel::new(config.session_expiry_max),
            connection: None,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            subscriptions: Subscriptions::default(),
            config,
        }
    }

    pub(super) fn apply_operation(&mut self, operation: Operation) {
        match operation {
            Operation::Connection(operation) => self.apply_to_connection(operation),
            Operation::Outbound(operation) => self.apply_outbound(operation),
            Operation::Inbound(operation) => self.apply_inbound(operation),
            Operation::Clock(operation) => self.apply_clock(operation),
        }
        self.check();
    }

    /// Checks that a client that reads and acknowledges everything receives every message, and that the session is
    /// empty after its end.
    pub(super) fn finish(&mut self) {
        self.drain();
        self.end_session();
        self.check();
        assert_eq!((self.session.inflight(), self.session.queued()), (0, 0), "messages of an ended session");
    }

    /// Reads the packets that the session has written, and checks all models.
    pub(super) fn check(&mut self) {
        if let Some(connection) = &mut self.connection {
            let packets = connection.wire.read(&mut self.session);
            self.outbound.check_pending_bytes(&packets, self.session.write_buffer().len(), &self.config);
            self.outbound.read(&packets, connection, self.now);
        }
        self.outbound.check_counts(&mut self.session);
        self.outbound.check_bounds(&self.session, &self.config);
        assert_eq!(self.session.is_attached(), self.lifecycle.is_attached());
        assert_eq!(self.session.is_attached(), self.connection.is_some());
        assert_eq!(self.session.poll_timeout(), self.lifecycle.next_due());
        self.subscriptions.check(&self.session);
    }

    fn apply_clock(&mut self, operation: ClockOperation) {
        match operation {
            ClockOperation::AdvanceClock { milliseconds } => self.now += Duration::from_millis(milliseconds),
            ClockOperation::Sweep => self.session.sweep(self.now),
            ClockOperation::Timeout => {
                let due = self.session.handle_timeout(self.now);
                let expected = self.lifecycle.timeout(self.now);
                assert_eq!(
                    (due.will, due.session_ended),
                    (expected.will, expected.session_ended),
                    "what is due"
                );
                self.outbound.take_unacknowledged(&due.unacknowledged);
                if due.session_ended {
                    self.outbound.end();
                    self.inbound.end();
                }
                assert!(
                    self.session.poll_timeout().is_none_or(|next| next > self.now),
                    "the timeout stays due"
                );
            }
        }
    }
}
