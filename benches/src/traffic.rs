//! The loop that keeps publishers and subscribers busy on one thread, closed loop or open loop. What is right and
//! wrong in the deliveries is the `Book`'s business.

use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::error::LoadError;
use crate::histogram::Histogram;
use crate::ledger::Faults;
use crate::process::Watched;

mod acks;
pub mod book;
pub mod flow;
pub mod marks;
pub mod pace;
pub mod publisher;
mod releases;
pub mod subscriber;

pub use book::Book;
pub use flow::Flow;
pub use marks::Mark;
pub use pace::Pace;
pub use publisher::Publisher;
pub use subscriber::Subscriber;

/// How long a run takes.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Traffic before the figures are taken.
    pub warmup: Duration,
    /// Traffic while the figures are taken.
    pub measured: Duration,
    /// Ends a publisher's traffic early, after so many messages.
    pub messages: Option<u64>,
    /// After so long without any delivery, what is outstanding counts as lost.
    pub patience: Duration,
    /// The broker's process.
    pub broker: Option<Watched>,
}

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// When the figures began.
    pub from: Mark,
    /// When they ended.
    pub to: Mark,
    /// Of the whole run, warm-up included.
    pub faults: Faults,
    /// Messages published in the whole run.
    pub sent: u64,
    /// The same by publisher.
    pub sent_each: Vec<u64>,
    /// Messages delivered in the whole run, once each.
    pub delivered: u64,
    /// From when a message was due until its delivery; open loop only.
    pub latency: Histogram,
    /// From when a message was due until the load tool sent it; open loop only.
    pub lateness: Histogram,
    /// From when a message was due until its last acknowledgement, PUBACK or PUBCOMP.
    pub acknowledgement: Histogram,
}

/// A run under way.
#[derive(Debug)]
pub struct Traffic<B> {
    poll: Poll,
    events: Events,
    flow: Flow<B>,
    plan: Plan,
    issuing: bool,
}

/// The longest wait for an event: how late the loop notices that a phase is over.
const TURN_MAX: Duration = Duration::from_millis(20);
/// Events taken at once.
const EVENTS_MAX: usize = 1024;

impl<B: Book> Traffic<B> {
    /// Readies a run.
    pub fn new(mut flow: Flow<B>, plan: Plan) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::io("opening epoll"))?;
        flow.register(poll.registry())?;
        flow.limit(plan.messages);
        Ok(Self { poll, events: Events::with_capacity(EVENTS_MAX), flow, plan, issuing: true })
    }

    /// Warms up, measures, drains, and closes the books.
    pub fn run(self) -> Result<Outcome, LoadError> {
        self.run_beside(|| Ok(()))
    }

    /// The same; `reading` is called at the moments at which the figures begin and end.
    pub fn run_beside(
        mut self,
        mut reading: impl FnMut() -> Result<(), LoadError>,
    ) -> Result<Outcome, LoadError> {
        self.turns(self.plan.warmup)?;
        self.flow.forget_times();
        reading()?;
        let from = self.mark()?;
        self.turns(self.plan.measured)?;
        let to = self.mark()?;
        reading()?;
        self.issuing = false;
        self.drain()?;
        Ok(self.flow.close(from, to))
    }

    /// Turns for `duration`, or until the publishers are through.
    fn turns(&mut self, duration: Duration) -> Result<(), LoadError> {
        let end = Instant::now() + duration;
        let mut progress = self.flow.progress();
        let mut changed = Instant::now();
        loop {
            let now = Instant::now();
            if self.flow.progress() != progress {
                progress = self.flow.progress();
                changed = now;
            }
            let stalled = now - changed > self.plan.patience;
            if now >= end || self.flow.is_through() || stalled {
                return Ok(());
            }
            self.turn()?;
        }
    }

    /// Turns until nothing is outstanding, or nothing has come for the plan's patience.
    fn drain(&mut self) -> Result<(), LoadError> {
        let mut progress = self.flow.progress();
        let mut changed = Instant::now();
        while !self.flow.is_settled() && changed.elapsed() < self.plan.patience {
            self.turn()?;
            if self.flow.progress() != progress {
                progress = self.flow.progress();
                changed = Instant::now();
            }
        }
        // A duplicate of the last message would come right behind it.
        for _ in 0..3 {
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), LoadError> {
        let deadline = self.flow.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let limit = deadline.map_or(TURN_MAX, |deadline| deadline.min(TURN_MAX));
        match self.poll.poll(&mut self.events, Some(limit)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(LoadError::Io { doing: "waiting for events", source: error });
            }
            _ => {}
        }
        for event in &self.events {
            self.flow.serve(event.token().0, event.is_readable(), event.is_writable())?;
        }
        if deadline.is_some() {
            self.flow.expire()?;
        }
        if self.issuing { self.flow.issue() } else { Ok(()) }
    }

    fn mark(&self) -> Result<Mark, LoadError> {
        let mark = Mark::take(self.plan.broker, self.flow.sent(), self.flow.delivered())?;
        Ok(Mark { acknowledged: self.flow.acknowledged(), ..mark })
    }
}
