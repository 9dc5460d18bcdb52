//! The session, its present connection and the models of both; what has to hold after every operation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_session::{Config, Connection, Negotiated, Session};

use super::inbound::Inbound;
use super::life::Life;
use super::operation::{OfClock, Operation};
use super::outbound::Outbound;
use super::subscriptions::Subscriptions;
use super::wire::Wire;

/// Everything there is.
pub(super) struct World {
    pub(super) config: Arc<Config>,
    pub(super) session: Session,
    pub(super) now: Instant,
    pub(super) life: Life,
    pub(super) link: Option<Link>,
    pub(super) outbound: Outbound,
    pub(super) inbound: Inbound,
    pub(super) subscriptions: Subscriptions,
}

/// The connection that serves the session.
pub(super) struct Link {
    pub(super) negotiated: Negotiated,
    pub(super) connection: Connection,
    pub(super) epoch: u64,
    pub(super) resumed: bool,
    pub(super) wire: Wire,
}

impl World {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self {
            session: Session::new(1, Arc::clone(&config)),
            now: Instant::now(),
            life: Life::new(config.session_expiry_max),
            link: None,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            subscriptions: Subscriptions::default(),
            config,
        }
    }

    pub(super) fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Link(of_link) => self.apply_to_link(of_link),
            Operation::Outbound(of_outbound) => self.apply_outbound(of_outbound),
            Operation::Inbound(of_inbound) => self.apply_inbound(of_inbound),
            Operation::Clock(of_clock) => self.apply_clock(of_clock),
        }
        self.check();
    }

    /// A client that reads and acknowledges everything gets everything; then the session ends and holds nothing.
    pub(super) fn finish(&mut self) {
        self.drain();
        self.leave_for_good();
        self.check();
        assert_eq!((self.session.inflight(), self.session.queued()), (0, 0), "messages of an ended session");
    }

    /// Reads what has become pending, as after every operation.
    pub(super) fn check(&mut self) {
        if let Some(link) = &mut self.link {
            let packets = link.wire.read(&mut self.session);
            self.outbound.check_pending(&packets, self.session.write_buffer().len(), &self.config);
            self.outbound.read(&packets, link, self.now);
        }
        self.outbound.settle_counts(&mut self.session);
        self.outbound.check_bounds(&self.session, &self.config);
        assert_eq!(self.session.is_attached(), self.life.is_attached());
        assert_eq!(self.session.is_attached(), self.link.is_some());
        assert_eq!(self.session.poll_timeout(), self.life.next());
        self.subscriptions.check(&self.session);
    }

    fn apply_clock(&mut self, operation: OfClock) {
        match operation {
            OfClock::Advance { milliseconds } => self.now += Duration::from_millis(milliseconds),
            OfClock::Sweep => self.session.sweep(self.now),
            OfClock::Timeout => {
                let due = self.session.handle_timeout(self.now);
                let expected = self.life.timeout(self.now);
                assert_eq!((due.will, due.ended), (expected.will, expected.ended), "what is due");
                self.outbound.take_orphans(&due.unacknowledged);
                if due.ended {
                    self.outbound.end();
                    self.inbound.end();
                }
                assert!(self.session.poll_timeout().is_none_or(|next| next > self.now), "due for ever");
            }
        }
    }
}
