//! All connections of a run, and who may send next.

use std::time::Instant;

use mio::Registry;

use super::pace::Timetable;
use super::subscriber::Reading;
use super::{Book, Mark, Outcome, Pace, Publisher, Subscriber};
use crate::connection::{Connection, READ_LEN};
use crate::error::LoadError;
use crate::histogram::Histogram;
use crate::number::{count, length};

/// The connections, the pace and the book of a run.
#[derive(Debug)]
pub struct Flow<B> {
    publishers: Vec<Publisher>,
    subscribers: Vec<Subscriber>,
    book: B,
    pace: Pace,
    reading: Reading,
    buffer: Vec<u8>,
    latency: Histogram,
    lateness: Histogram,
    acknowledgement: Histogram,
    /// Messages a publisher sends at most.
    limit: u64,
}

impl<B: Book> Flow<B> {
    /// Connections past their handshake and their subscriptions.
    pub fn new(
        publishers: Vec<Publisher>,
        subscribers: Vec<Subscriber>,
        book: B,
        pace: Pace,
        reading: Reading,
    ) -> Self {
        Self {
            publishers,
            subscribers,
            book,
            pace,
            reading,
            buffer: vec![0; READ_LEN],
            latency: Histogram::default(),
            lateness: Histogram::default(),
            acknowledgement: Histogram::default(),
            limit: u64::MAX,
        }
    }

    pub(super) fn register(&mut self, registry: &Registry) -> Result<(), LoadError> {
        for (token, connection) in self.connections().enumerate() {
            connection.register(registry, token)?;
        }
        let token = self.publishers.len() + self.subscribers.len();
        let now = self.reading.now();
        match &mut self.pace {
            Pace::Window(_) | Pace::Unacknowledged(_) => Ok(()),
            Pace::Timetable(timetable) => {
                timetable.begin(now);
                timetable.register(registry, token)?;
                timetable.arm(now)
            }
        }
    }

    pub(super) fn limit(&mut self, messages: Option<u64>) {
        self.limit = messages.unwrap_or(u64::MAX);
    }

    /// What warm-up measured does not count.
    pub(super) fn forget_times(&mut self) {
        self.latency.clear();
        self.lateness.clear();
        self.acknowledgement.clear();
    }

    /// Reads and writes where the socket of `token` is ready.
    pub(super) fn serve(&mut self, token: usize, readable: bool, writable: bool) -> Result<(), LoadError> {
        if let Some(publisher) = self.publishers.get_mut(token) {
            if readable {
                publisher.receive(&mut self.buffer, &self.reading, &mut self.acknowledgement)?;
            }
            return if writable { resume(&mut publisher.connection) } else { Ok(()) };
        }
        let index = token - self.publishers.len();
        let Some(subscriber) = self.subscribers.get_mut(index) else { return Ok(()) };
        if readable {
            let latency = matches!(self.pace, Pace::Timetable(_)).then_some(&mut self.latency);
            subscriber.receive(&mut self.buffer, &self.reading, &mut self.book, latency)?;
        }
        if writable { resume(&mut subscriber.connection) } else { Ok(()) }
    }

    /// Publishes what may be published now.
    pub(super) fn issue(&mut self) -> Result<(), LoadError> {
        let now = self.reading.now();
        match &mut self.pace {
            Pace::Window(window) => {
                let window = *window;
                self.fill_windows(window, now, |book, index, publisher| {
                    book.outstanding(index, publisher.sent()).max(publisher.incomplete())
                })
            }
            Pace::Unacknowledged(window) => {
                let window = *window;
                self.fill_windows(window, now, |_, _, publisher| publisher.unacknowledged())
            }
            Pace::Timetable(timetable) => {
                keep_timetable(timetable, &mut self.publishers, &mut self.lateness, self.limit, now)
            }
        }
    }

    /// When a transport has something to do at the latest; always none where the kernel does it.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        self.connections().filter_map(|connection| connection.deadline()).min()
    }

    /// Lets the transports do what their deadlines ask for.
    pub(super) fn expire(&mut self) -> Result<(), LoadError> {
        let now = Instant::now();
        self.connections().try_for_each(|connection| connection.expire(now))
    }

    /// Messages published so far.
    pub(super) fn sent(&self) -> u64 {
        self.publishers.iter().map(Publisher::sent).sum()
    }

    pub(super) fn delivered(&self) -> u64 {
        self.book.delivered()
    }

    /// Messages acknowledged so far; at QoS 0 those published.
    pub(super) fn acknowledged(&self) -> u64 {
        self.publishers.iter().map(|publisher| publisher.sent() - publisher.unacknowledged()).sum()
    }

    /// Changes whenever something was sent, delivered or acknowledged.
    pub(super) fn progress(&self) -> (u64, u64, u64) {
        let unacknowledged = self.publishers.iter().map(Publisher::unacknowledged).sum();
        (self.sent(), self.delivered(), unacknowledged)
    }

    /// True when every publisher has sent all that it may, and all has come.
    pub(super) fn is_through(&self) -> bool {
        self.limit != u64::MAX && self.publishers.iter().all(|publisher| publisher.sent() >= self.limit)
    }

    pub(super) fn is_settled(&self) -> bool {
        let settled = |(index, publisher): (usize, &Publisher)| {
            publisher.unacknowledged() == 0 && self.book.is_settled(index, publisher.sent())
        };
        self.publishers.iter().enumerate().all(settled) && self.subscribers.iter().all(Subscriber::is_settled)
    }

    pub(super) fn close(self, from: Mark, to: Mark) -> Outcome {
        let sent: Vec<u64> = self.publishers.iter().map(Publisher::sent).collect();
        let mut faults = self.book.close(&sent);
        faults.acknowledgement += self.publishers.iter().map(Publisher::faults).sum::<u64>();
        faults.acknowledgement += self.subscribers.iter().map(Subscriber::faults).sum::<u64>();
        Outcome {
            from,
            to,
            faults,
            sent: sent.iter().sum(),
            sent_each: sent,
            delivered: self.book.delivered(),
            latency: self.latency,
            lateness: self.lateness,
            acknowledgement: self.acknowledgement,
        }
    }

    /// In the order of their tokens.
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
            let outstanding = outstanding(&self.book, index, publisher);
            let rest = self.limit.saturating_sub(publisher.sent());
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

/// The socket takes bytes again: write what waits.
fn resume(connection: &mut Connection) -> Result<(), LoadError> {
    connection.unblock();
    connection.flush()
}

/// Publishes what is due: one write a message as devices do, or one for all that a publisher is late with. A publisher that
/// cannot send delays those after it; the delay counts, since messages keep the time at which they were due.
fn keep_timetable(
    timetable: &mut Timetable,
    publishers: &mut [Publisher],
    lateness: &mut Histogram,
    limit: u64,
    now: u64,
) -> Result<(), LoadError> {
    let publishers_len = count(publishers.len()).max(1);
    let before = timetable.issued();
    while timetable.release() <= now && timetable.issued() < limit.saturating_mul(publishers_len) {
        let turn = length(timetable.issued() % publishers_len);
        let Some(publisher) = publishers.get_mut(turn).filter(|publisher| publisher.can_publish()) else {
            break;
        };
        publisher.publish(timetable.due());
        lateness.record(now - timetable.due());
        timetable.advance();
    }
    let issued = length(timetable.issued() - before).min(publishers.len());
    for turn in 0..issued {
        let turn = length((before + count(turn)) % publishers_len);
        publishers.get_mut(turn).map_or(Ok(()), Publisher::flush)?;
    }
    timetable.arm(now)
}
