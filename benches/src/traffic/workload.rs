//! All connections of a run, and the decision which publisher may send.

mod open_loop;

use std::time::Instant;

use mio::Registry;

use super::subscriber::RunContext;
use open_loop::keep_schedule;

use super::{DeliveryChecker, Outcome, Pace, Publisher, Snapshot, Subscriber};
use crate::connection::{Connection, READ_LEN};
use crate::error::LoadError;
use crate::latencies::Latencies;

/// The connections, the pace and the delivery checker of a run.
#[derive(Debug)]
pub struct Workload<B> {
    publishers: Vec<Publisher>,
    subscribers: Vec<Subscriber>,
    checker: B,
    pace: Pace,
    context: RunContext,
    buffer: Vec<u8>,
    latency: Latencies,
    lateness: Latencies,
    acknowledgement: Latencies,
    /// Maximum number of messages per publisher.
    message_limit: u64,
}

impl<B: DeliveryChecker> Workload<B> {
    /// Creates a workload from connections that have completed their handshakes and subscriptions.
    pub fn new(
        publishers: Vec<Publisher>,
        subscribers: Vec<Subscriber>,
        checker: B,
        pace: Pace,
        context: RunContext,
    ) -> Result<Self, LoadError> {
        Ok(Self {
            publishers,
            subscribers,
            checker,
            pace,
            context,
            buffer: vec![0; READ_LEN],
            latency: Latencies::new()?,
            lateness: Latencies::new()?,
            acknowledgement: Latencies::new()?,
            message_limit: u64::MAX,
        })
    }

    pub(super) fn register(&mut self, registry: &Registry) -> Result<(), LoadError> {
        for (token, connection) in self.connections().enumerate() {
            connection.register(registry, token)?;
        }
        let token = self.publishers.len() + self.subscribers.len();
        let now = self.context.now();
        match &mut self.pace {
            Pace::Window(_) | Pace::Unacknowledged(_) => Ok(()),
            Pace::Schedule(schedule) => {
                schedule.begin(now);
                schedule.register(registry, token)?;
                schedule.set_timer(now)
            }
        }
    }

    pub(super) fn set_message_limit(&mut self, messages: Option<u64>) {
        self.message_limit = messages.unwrap_or(u64::MAX);
    }

    /// Discards the latencies of the warm-up.
    pub(super) fn reset_latencies(&mut self) {
        self.latency.clear();
        self.lateness.clear();
        self.acknowledgement.clear();
    }

    /// Reads and writes on the connection of `token`, as far as its socket is ready.
    pub(super) fn handle_ready(
        &mut self,
        token: usize,
        readable: bool,
        writable: bool,
    ) -> Result<(), LoadError> {
        if let Some(publisher) = self.publishers.get_mut(token) {
            if readable {
                publisher.receive(&mut self.buffer, &self.context, &mut self.acknowledgement)?;
            }
            return if writable { write_waiting_bytes(&mut publisher.connection) } else { Ok(()) };
        }
        let index = token - self.publishers.len();
        let Some(subscriber) = self.subscribers.get_mut(index) else { return Ok(()) };
        if readable {
            let latency = matches!(self.pace, Pace::Schedule(_)).then_some(&mut self.latency);
            subscriber.receive(&mut self.buffer, &self.context, &mut self.checker, latency)?;
        }
        if writable { write_waiting_bytes(&mut subscriber.connection) } else { Ok(()) }
    }

    /// Publishes all messages that may be sent now.
    pub(super) fn publish_due(&mut self) -> Result<(), LoadError> {
        let now = self.context.now();
        match &mut self.pace {
            Pace::Window(window) => {
                let window = *window;
                self.fill_windows(window, now, |checker, index, publisher| {
                    checker.outstanding(index, publisher.sent()).max(publisher.incomplete())
                })
            }
            Pace::Unacknowledged(window) => {
                let window = *window;
                self.fill_windows(window, now, |_, _, publisher| publisher.unacknowledged())
            }
            Pace::Schedule(schedule) => {
                keep_schedule(schedule, &mut self.publishers, &mut self.lateness, self.message_limit, now)
            }
        }
    }

    /// Returns the time at which the next timer of a transport is due. `None` for transports whose timers are in the
    /// kernel.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        self.connections().filter_map(|connection| connection.deadline()).min()
    }

    /// Runs the timers of the transports that are due.
    pub(super) fn handle_timeouts(&mut self) -> Result<(), LoadError> {
        let now = Instant::now();
        self.connections().try_for_each(|connection| connection.handle_timeout(now))
    }

    /// Returns the number of messages published so far.
    pub(super) fn sent(&self) -> u64 {
        self.publishers.iter().map(Publisher::sent).sum()
    }

    pub(super) fn delivered(&self) -> u64 {
        self.checker.delivered()
    }

    /// Returns the number of messages acknowledged so far. At QoS 0, a published message counts as acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.publishers.iter().map(|publisher| publisher.sent() - publisher.unacknowledged()).sum()
    }

    /// Returns three numbers, at least one of which changes whenever a message is sent, delivered or acknowledged.
    pub(super) fn progress(&self) -> (u64, u64, u64) {
        let unacknowledged = self.publishers.iter().map(Publisher::unacknowledged).sum();
        (self.sent(), self.delivered(), unacknowledged)
    }

    /// Returns whether every publisher has sent its maximum number of messages.
    pub(super) fn has_sent_all(&self) -> bool {
        self.message_limit != u64::MAX
            && self.publishers.iter().all(|publisher| publisher.sent() >= self.message_limit)
    }

    pub(super) fn is_complete(&self) -> bool {
        let settled = |(index, publisher): (usize, &Publisher)| {
            publisher.unacknowledged() == 0 && self.checker.is_complete(index, publisher.sent())
        };
        self.publishers.iter().enumerate().all(settled)
            && self.subscribers.iter().all(Subscriber::is_complete)
    }

    pub(super) fn close(self, from: Snapshot, to: Snapshot) -> Outcome {
        let sent: Vec<u64> = self.publishers.iter().map(Publisher::sent).collect();
        let mut faults = self.checker.final_faults(&sent);
        faults.acknowledgement += self.publishers.iter().map(Publisher::faults).sum::<u64>();
        faults.acknowledgement += self.subscribers.iter().map(Subscriber::faults).sum::<u64>();
        Outcome {
            from,
            to,
            faults,
            sent: sent.iter().sum(),
            sent_by_publisher: sent,
            delivered: self.checker.delivered(),
            latency: self.latency,
            lateness: self.lateness,
            acknowledgement: self.acknowledgement,
        }
    }

    /// Returns the connections in the order of their tokens.
    fn connections(&mut self) -> impl Iterator<Item = &mut Connection> {
        let publishers = self.publishers.iter_mut().map(|publisher| &mut publisher.connection);
        publishers.chain(self.subscribers.iter_mut().map(|subscriber| &mut subscriber.connection))
    }

    fn fill_windows(
        &mut self,
        window: u64,
        now: u64,
        outstanding: impl Fn(&B, usize, &Publisher) -> u64,
    ) -> Result<(), LoadError> {
        for (index, publisher) in self.publishers.iter_mut().enumerate() {
            let outstanding = outstanding(&self.checker, index, publisher);
            let rest = self.message_limit.saturating_sub(publisher.sent());
            for _ in 0..window.saturating_sub(outstanding).min(rest) {
                if !publisher.can_publish() {
                    break;
                }
                publisher.publish(now);
            }
            publisher.flush()?;
        }
        Ok(())
    }
}

/// Writes the waiting bytes of a connection whose socket accepts bytes again.
fn write_waiting_bytes(connection: &mut Connection) -> Result<(), LoadError> {
    connection.set_writable();
    connection.flush()
}
