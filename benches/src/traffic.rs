//! The event loop that runs publishers and subscribers on one thread, as a closed or an open loop. A `DeliveryChecker`
//! checks the deliveries.

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

/// The length of a run and its limits.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Duration of the traffic before the measurement.
    pub warmup: Duration,
    /// Duration of the measurement.
    pub measured: Duration,
    /// Number of messages after which a publisher stops, even before the time is up.
    pub messages: Option<u64>,
    /// Time without a delivery after which the outstanding messages count as lost.
    pub delivery_timeout: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Snapshot at the start of the measurement.
    pub from: Snapshot,
    /// Snapshot at the end of the measurement.
    pub to: Snapshot,
    /// The faults of the whole run, including the warm-up.
    pub faults: Faults,
    /// Number of messages published in the whole run.
    pub sent: u64,
    /// Number of messages published in the whole run, by publisher.
    pub sent_by_publisher: Vec<u64>,
    /// Number of messages delivered in the whole run, duplicates not counted.
    pub delivered: u64,
    /// Durations from the time at which a message should have been sent until its delivery. In a closed loop, the
    /// histogram is empty.
    pub latency: Latencies,
    /// Durations from the time at which a message should have been sent until it was sent. In a closed loop, the
    /// histogram is empty.
    pub lateness: Latencies,
    /// Durations from the time at which a message should have been sent until its last acknowledgement (PUBACK or
    /// PUBCOMP).
    pub acknowledgement: Latencies,
}

/// A running event loop.
#[derive(Debug)]
pub struct TrafficLoop<B> {
    poll: Poll,
    events: Events,
    workload: Workload<B>,
    plan: Plan,
    publishing: bool,
}

/// Longest wait for an event. The loop may detect the end of a phase late by this time.
const POLL_TIMEOUT_MAX: Duration = Duration::from_millis(20);
/// Maximum number of events per wait.
const EVENTS_MAX: usize = 1024;

impl<B: DeliveryChecker> TrafficLoop<B> {
    /// Creates the event loop and registers all connections for events.
    pub fn new(mut workload: Workload<B>, plan: Plan) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::io("opening epoll"))?;
        workload.register(poll.registry())?;
        workload.set_message_limit(plan.messages);
        Ok(Self { poll, events: Events::with_capacity(EVENTS_MAX), workload, plan, publishing: true })
    }

    /// Warms up, measures, waits for outstanding messages, and returns the result.
    pub fn run(self) -> Result<Outcome, LoadError> {
        self.run_with_sampling(|| Ok(()))
    }

    /// Runs the traffic like `run`, and calls `sample` at the start and at the end of the measurement.
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

    /// Runs the loop for `duration`, or until the publishers have sent everything.
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

    /// Runs the loop until no message is outstanding, or until the delivery timeout passes without progress.
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
        // Polls a few more times, because a duplicate of the last message would arrive directly after it.
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
            self.workload.handle_ready(event.token().0, event.is_readable(), event.is_writable())?;
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
