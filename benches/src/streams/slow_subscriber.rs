//! An additional subscriber of a fan-out that reads slowly or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::float;
use crate::sequence_tracker::SequenceTracker;
use crate::traffic::subscriber::RunContext;
use crate::wire::publish::ReceivedPublish;
use crate::wire::scan::RawPacket;
use crate::wire::{build, packet_type};

/// The figures of the slow subscriber.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Report {
    /// Number of messages that the subscriber read while the traffic was running.
    pub delivered: u64,
    /// Number of messages that the subscriber read after the traffic had ended.
    pub delivered_afterwards: u64,
    /// Number of messages that the subscriber never received. Missed messages are not faults, because the broker may
    /// drop messages to a slow subscriber.
    pub missed: u64,
    /// Whether the broker closed the subscriber's connection.
    pub closed: bool,
}

/// The slow subscriber, which runs on its own thread.
#[derive(Debug)]
pub struct SlowSubscriber {
    /// Whether the traffic has ended.
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Reader, LoadError>>,
}

impl SlowSubscriber {
    /// Subscribes to `topic` and starts to read `per_second` messages per second.
    pub fn start(
        target: &Target,
        topic: String,
        qos: u8,
        per_second: u64,
        context: RunContext,
    ) -> Result<Self, LoadError> {
        let mut connection = BlockingConnection::connect(target, &format!("load-{:x}-slow", context.run), 0)?;
        connection.subscribe(1, &[topic], qos)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let tracker = SequenceTracker::default();
        let mut reader = Reader {
            connection,
            context,
            tracker,
            corrupt: 0,
            read_during_traffic: 0,
            read_afterwards: 0,
            closed: false,
        };
        let thread = std::thread::spawn(move || {
            reader.read_slowly(per_second, &stopping)?;
            reader.read_rest()?;
            Ok(reader)
        });
        Ok(Self { stop, thread })
    }

    /// Reads the remaining messages and returns the figures and the faults. `sent` messages were published in total.
    /// Missed messages are not faults; duplicated, reordered and corrupt messages are.
    pub fn end(self, sent: u64) -> Result<(Report, Faults), LoadError> {
        self.stop.store(true, Ordering::Relaxed);
        let reader =
            self.thread.join().map_err(|_| LoadError::Arguments("the slow subscriber panicked"))??;
        let mut faults = reader.tracker.final_faults(sent);
        faults.corrupt += reader.corrupt;
        let missed = std::mem::take(&mut faults.lost);
        let (delivered, delivered_afterwards, closed) =
            (reader.read_during_traffic, reader.read_afterwards, reader.closed);
        Ok((Report { delivered, delivered_afterwards, missed, closed }, faults))
    }
}

#[derive(Debug)]
struct Reader {
    connection: BlockingConnection,
    context: RunContext,
    tracker: SequenceTracker,
    corrupt: u64,
    read_during_traffic: u64,
    read_afterwards: u64,
    closed: bool,
}

impl Reader {
    fn read_slowly(&mut self, per_second: u64, stop: &AtomicBool) -> Result<(), LoadError> {
        let began = Instant::now();
        self.connection.set_timeout(READ_PAUSE);
        while !stop.load(Ordering::Relaxed) && !self.closed {
            let due = began.elapsed().as_secs_f64() * float(per_second);
            if float(self.read_during_traffic) >= due {
                std::thread::sleep(READ_PAUSE);
                continue;
            }
            self.read_during_traffic += u64::from(self.read_one()?);
        }
        Ok(())
    }

    fn read_rest(&mut self) -> Result<(), LoadError> {
        self.connection.set_timeout(DELIVERY_TIMEOUT);
        let mut last = Instant::now();
        while !self.closed && last.elapsed() < DELIVERY_TIMEOUT {
            if self.read_one()? {
                self.read_afterwards += 1;
                last = Instant::now();
            }
        }
        Ok(())
    }

    /// Reads a packet. Returns whether the packet is a message that was not received before. A timeout and a close by
    /// the broker are not errors.
    fn read_one(&mut self) -> Result<bool, LoadError> {
        let mut outgoing = Vec::new();
        let (context, tracker, corrupt) = (&self.context, &mut self.tracker, &mut self.corrupt);
        let read = self
            .connection
            .with_packet(|packet| handle_packet(&packet, context, tracker, corrupt, &mut outgoing));
        match read {
            Ok(is_message) => {
                if !outgoing.is_empty() {
                    self.connection.send(&outgoing)?;
                }
                Ok(is_message)
            }
            Err(error) if error.is_timeout() => Ok(false),
            Err(LoadError::Closed | LoadError::Unexpected { packet_type: packet_type::DISCONNECT, .. }) => {
                self.closed = true;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn handle_packet(
    packet: &RawPacket<'_>,
    context: &RunContext,
    tracker: &mut SequenceTracker,
    corrupt: &mut u64,
    outgoing: &mut Vec<u8>,
) -> Result<bool, LoadError> {
    match packet.packet_type() {
        packet_type::PUBLISH => {}
        packet_type::PUBREL => {
            outgoing.extend_from_slice(&build::pubcomp(packet.leading_id().unwrap_or_default()));
            return Ok(false);
        }
        packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
    }
    let publish = ReceivedPublish::parse(packet, context.version).ok_or(LoadError::Malformed("PUBLISH"))?;
    publish.acknowledge(outgoing);
    match context.stamp(&publish) {
        Some(stamp) => Ok(tracker.record(stamp.sequence)),
        None => {
            *corrupt += 1;
            Ok(false)
        }
    }
}

/// Time that the subscriber sleeps when it is ahead of its rate.
const READ_PAUSE: Duration = Duration::from_millis(5);
/// Time without an arriving message after which the outstanding messages count as missed.
const DELIVERY_TIMEOUT: Duration = Duration::from_millis(500);
