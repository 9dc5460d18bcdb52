//! Reads all retained messages of a filled store with two new subscribers at once: one reads as fast as it can, the
//! other slowly. Both subscribers must receive every message.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{RUN_ID, topic_of_retained};
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::{count, float, ratio};
use crate::process::MonitoredProcess;
use crate::traffic::subscriber::RunContext;
use crate::wire::publish::ReceivedPublish;
use crate::wire::scan::RawPacket;
use crate::wire::{build, packet_type};

/// The contents of the store and the speed of the slow subscriber.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of retained messages in the store.
    pub topics: u32,
    /// Bytes per payload.
    pub payload_len: usize,
    /// QoS of the subscriptions: 0 or 1.
    pub qos: u8,
    /// Number of messages per second that the slow subscriber reads.
    pub slow_rate: u64,
    /// Time without an arriving message after which the missing messages count as lost.
    pub delivery_timeout: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `replay`.
    pub case: &'static str,
    /// The subscriber that reads as fast as it can.
    pub fast: ReaderReport,
    /// The subscriber that reads slowly.
    pub slow: ReaderReport,
    /// The broker's memory before, during and after the replay. `None` if the broker's process id is not known.
    pub resident: Option<Resident>,
    /// The faults at both subscribers.
    pub faults: Faults,
}

/// The figures of one subscriber.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct ReaderReport {
    /// Number of messages received, duplicates not counted.
    pub messages: u64,
    /// Seconds from SUBSCRIBE to the last message.
    pub seconds: f64,
    /// Messages received per second.
    pub per_second: f64,
}

/// The resident memory of a process in KiB.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Resident {
    /// Memory before the subscribers connected.
    pub before_kib: u64,
    /// Highest memory during the replay, from ten samples per second.
    pub peak_kib: u64,
    /// Memory after both subscribers had read all messages.
    pub after_kib: u64,
}

/// Runs both subscribers.
pub fn run(target: &Target, scenario: &Scenario) -> Result<Report, LoadError> {
    let topics: Vec<String> = (0..scenario.topics).map(topic_of_retained).collect();
    let indices: HashMap<&[u8], usize> =
        topics.iter().enumerate().map(|(index, topic)| (topic.as_bytes(), index)).collect();
    let resident = || scenario.broker.map(MonitoredProcess::resident_kib).transpose();
    let before = resident()?;
    let mut peak = before;
    let open = AtomicUsize::new(2);
    let (fast, slow) = thread::scope(|scope| {
        let read = |name: &'static str, rate: Option<u64>| {
            let (indices, open) = (&indices, &open);
            scope.spawn(move || {
                let outcome = Reader::new(target, scenario, indices).read(name, rate);
                open.fetch_sub(1, Ordering::Relaxed);
                outcome
            })
        };
        let (fast, slow) = (read("fast", None), read("slow", Some(scenario.slow_rate)));
        while open.load(Ordering::Relaxed) > 0 {
            peak = peak.max(resident()?);
            thread::sleep(SAMPLE_INTERVAL);
        }
        Ok::<_, LoadError>((join(fast)?, join(slow)?))
    })?;
    let mut faults = fast.faults;
    faults.add(&slow.faults);
    let resident = before.zip(peak).zip(resident()?);
    let resident =
        resident.map(|((before_kib, peak_kib), after_kib)| Resident { before_kib, peak_kib, after_kib });
    Ok(Report { case: "replay", fast: fast.reader, slow: slow.reader, resident, faults })
}

/// The result of one subscriber.
struct ReaderOutcome {
    reader: ReaderReport,
    faults: Faults,
}

fn join(
    handle: thread::ScopedJoinHandle<'_, Result<ReaderOutcome, LoadError>>,
) -> Result<ReaderOutcome, LoadError> {
    handle.join().unwrap_or(Err(LoadError::Arguments("a subscriber thread panicked")))
}

/// One subscriber and the messages that it has received.
struct Reader<'a> {
    target: &'a Target,
    scenario: &'a Scenario,
    indices: &'a HashMap<&'a [u8], usize>,
    context: RunContext,
    received: Vec<bool>,
    messages: u64,
    faults: Faults,
}

impl<'a> Reader<'a> {
    fn new(target: &'a Target, scenario: &'a Scenario, indices: &'a HashMap<&'a [u8], usize>) -> Self {
        let context = RunContext::new(RUN_ID, target.version, scenario.payload_len);
        let (received, faults) = (vec![false; indices.len()], Faults::default());
        Self { target, scenario, indices, context, received, messages: 0, faults }
    }

    fn read(mut self, name: &str, rate: Option<u64>) -> Result<ReaderOutcome, LoadError> {
        let client_id = format!("replay-{:x}-{name}", std::process::id());
        let mut connection = BlockingConnection::connect(self.target, &client_id, 0)?;
        connection.set_timeout(self.scenario.delivery_timeout);
        let filters = ["fill/r/#".to_owned()];
        connection.send(&build::subscribe(self.target.version, 1, &filters, self.scenario.qos))?;
        let began = Instant::now();
        let seconds = self.read_all(&mut connection, rate, began)?;
        self.faults.lost += count(self.indices.len()) - self.messages;
        connection.disconnect()?;
        let per_second = ratio(float(self.messages), seconds);
        let reader = ReaderReport { messages: self.messages, seconds, per_second };
        Ok(ReaderOutcome { reader, faults: self.faults })
    }

    /// Reads until PINGRESP. Sends PINGREQ after the last expected message has arrived, and returns the seconds until
    /// the arrival of that message.
    fn read_all(
        &mut self,
        connection: &mut BlockingConnection,
        rate: Option<u64>,
        began: Instant,
    ) -> Result<f64, LoadError> {
        let all = count(self.indices.len());
        let mut outgoing = Vec::new();
        let mut last = 0.0;
        let mut pinged = false;
        loop {
            if self.messages >= all && !pinged {
                last = began.elapsed().as_secs_f64();
                outgoing.extend_from_slice(&build::PINGREQ);
                pinged = true;
            }
            if connection.is_drained() || outgoing.len() > OUTGOING_LEN_MAX {
                connection.send(&outgoing)?;
                outgoing.clear();
            }
            match connection.with_packet(|packet| self.handle_packet(&packet, &mut outgoing)) {
                Ok(true) => return Ok(last),
                Ok(false) => {}
                Err(error) if error.is_timeout() => return Ok(began.elapsed().as_secs_f64()),
                Err(error) => return Err(error),
            }
            self.pause(rate, began);
        }
    }

    /// Limits a slow subscriber to its configured rate.
    fn pause(&self, rate: Option<u64>, began: Instant) {
        if let Some(rate) = rate.filter(|_| self.messages.is_multiple_of(MESSAGES_PER_PAUSE)) {
            let due = Duration::from_secs_f64(ratio(float(self.messages), float(rate)));
            thread::sleep(due.saturating_sub(began.elapsed()));
        }
    }

    /// Handles one packet. Returns true for PINGRESP.
    fn handle_packet(&mut self, packet: &RawPacket<'_>, outgoing: &mut Vec<u8>) -> Result<bool, LoadError> {
        match packet.packet_type() {
            packet_type::PINGRESP => return Ok(true),
            packet_type::SUBACK => return Ok(false),
            packet_type::PUBLISH => {}
            packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
        }
        let publish =
            ReceivedPublish::parse(packet, self.context.version).ok_or(LoadError::Malformed("PUBLISH"))?;
        publish.acknowledge(outgoing);
        let index = self.indices.get(publish.topic).copied();
        let Some((index, received)) = index.and_then(|index| Some((index, self.received.get_mut(index)?)))
        else {
            self.faults.misdelivered += 1;
            return Ok(false);
        };
        let stamp = self.context.stamp(&publish).filter(|stamp| stamp.sequence == count(index));
        if stamp.is_none() || !publish.retain {
            self.faults.corrupt += 1;
        } else if std::mem::replace(received, true) {
            self.faults.duplicated += 1;
        } else {
            self.messages += 1;
        }
        Ok(false)
    }
}

/// Interval between two samples of the broker's memory.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);
/// Number of messages between two pauses of the slow subscriber.
const MESSAGES_PER_PAUSE: u64 = 500;
/// Number of bytes of acknowledgements above which they are sent even if more packets can be read first.
const OUTGOING_LEN_MAX: usize = 256;
