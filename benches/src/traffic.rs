//! The loop that keeps publishers and subscribers busy on one thread, closed loop or open loop. What is right and
//! wrong in the deliveries is the `DeliveryChecker`'s business.

use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::error::LoadError;
use crate::faults::Faults;
use crate::latencies::Latencies;
use crate::process::MonitoredProcess;

mod acks;
pub mod delivery_checker;
pub mod pace;
pub mod publisher;
pub mod snapshot;
pub mod subscriber;
mod unreleased_ids;
pub mod workload;

pub use delivery_checker::DeliveryChecker;
pub use pace::Pace;
pub use publisher::Publisher;
pub use snapshot::Snapshot;
pub use subscriber::Subscriber;
pub use workload::Workload;

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
    pub delivery_timeout: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// When the figures began.
    pub from: Snapshot,
    /// When they ended.
    pub to: Snapshot,
    /// Of the whole run, warm-up included.
    pub faults: Faults,
    /// Messages published in the whole run.
    pub sent: u64,
    /// The same by publisher.
    pub sent_each: Vec<u64>,
    /// Messages delivered in the whole run, once each.
    pub delivered: u64,
    /// From when a message was due until its delivery; open loop only.
    pub latency: Latencies,
    /// From when a message was due until the load tool sent it; open loop only.
    pub lateness: Latencies,
    /// From when a message was due until its last acknowledgement, PUBACK or PUBCOMP.
    pub acknowledgement: Latencies,
}

/// A run under way.
#[derive(Debug)]
pub struct Traffic<B> {
    poll: Poll,
    events: Events,
    workload: Workload<B>,
    plan: Plan,
    publishing: bool,
}

/// The longest wait for an event: how late the loop notices that a phase is over.
const POLL_TIMEOUT_MAX: Duration = Duration::from_millis(20);
/// Events taken at once.
const EVENTS_MAX: usize = 1024;

impl<B: DeliveryChecker> Traffic<B> {
    /// Readies a run.
    pub fn new(mut workload: Workload<B>, plan: Plan) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::io("opening epoll"))?;
        workload.register(poll.registry())?;
        workload.limit(plan.messages);
        Ok(Self { poll, events: Events::with_capacity(EVENTS_MAX), workload, plan, publishing: true })
    }

    /// Warms up, measures, drains, and closes the books.
    pub fn run(self) -> Result<Outcome, LoadError> {
        self.run_with_sampling(|| Ok(()))
    }

    /// The same; `sample` is called at the moments at which the figures begin and end.
    pub fn run_with_sampling(
        mut self,
        mut sample: impl FnMut() -> Result<(), LoadError>,
    ) -> Result<Outcome, LoadError> {
        self.run_for(self.plan.warmup)?;
        self.workload.reset_latencies();
        sample()?;
        let from = self.snapshot()?;
        self.run_for(self.plan.measured)?;
        let to = self.snapshot()?;
        sample()?;
        self.publishing = false;
        self.drain()?;
        Ok(self.workload.close(from, to))
    }

    /// Turns for `duration`, or until the publishers are through.
    fn run_for(&mut self, duration: Duration) -> Result<(), LoadError> {
        let end = Instant::now() + duration;
        let mut progress = self.workload.progress();
        let mut changed = Instant::now();
        loop {
            let now = Instant::now();
            if self.workload.progress() != progress {
                progress = self.workload.progress();
                changed = now;
            }
            let stalled = now - changed > self.plan.delivery_timeout;
            if now >= end || self.workload.has_sent_all() || stalled {
                return Ok(());
            }
            self.poll_once()?;
        }
    }

    /// Turns until nothing is outstanding, or nothing has come for the plan's patience.
    fn drain(&mut self) -> Result<(), LoadError> {
        let mut progress = self.workload.progress();
        let mut changed = Instant::now();
        while !self.workload.is_complete() && changed.elapsed() < self.plan.delivery_timeout {
            self.poll_once()?;
            if self.workload.progress() != progress {
                progress = self.workload.progress();
                changed = Instant::now();
            }
        }
        // A duplicate of the last message would come right behind it.
        for _ in 0..3 {
            self.poll_once()?;
        }
        Ok(())
    }

    fn poll_once(&mut self) -> Result<(), LoadError> {
        let deadline = self.workload.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let limit = deadline.map_or(POLL_TIMEOUT_MAX, |deadline| deadline.min(POLL_TIMEOUT_MAX));
        match self.poll.poll(&mut self.events, Some(limit)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(LoadError::Io { doing: "waiting for events", source: error });
            }
            _ => {}
        }
        for event in &self.events {
            self.workload.serve(event.token().0, event.is_readable(), event.is_writable())?;
        }
        if deadline.is_some() {
            self.workload.handle_timeouts()?;
        }
        if self.publishing { self.workload.publish_due() } else { Ok(()) }
    }

    fn snapshot(&self) -> Result<Snapshot, LoadError> {
        let snapshot = Snapshot::take(self.plan.broker, self.workload.sent(), self.workload.delivered())?;
        Ok(Snapshot { acknowledged: self.workload.acknowledged(), ..snapshot })
    }
}
