//! One subscribing connection: checks payloads, acknowledges QoS 1 and 2, and enters deliveries into the book.

use std::time::Instant;

use super::Book;
use super::releases::Releases;
use crate::connection::{Blocking, Connection};
use crate::error::LoadError;
use crate::histogram::Histogram;
use crate::stamp::Stamp;
use crate::wire::publish::{Delivery, filler};
use crate::wire::{Version, build, packet_type};

/// What every subscriber of a run must know to check a delivery.
#[derive(Debug)]
pub struct Reading {
    /// When the run's clock began.
    pub epoch: Instant,
    /// This run's number.
    pub run: u32,
    /// The protocol.
    pub version: Version,
    filler: Vec<u8>,
}

impl Reading {
    /// For payloads of `payload_len` bytes.
    pub fn new(run: u32, version: Version, payload_len: usize) -> Self {
        let filler = filler(payload_len.saturating_sub(crate::stamp::STAMP_LEN));
        Self { epoch: Instant::now(), run, version, filler }
    }

    /// The stamp of a delivery, provided that its payload is whole and of this run.
    pub fn stamp(&self, delivery: &Delivery<'_>) -> Option<Stamp> {
        delivery.stamp(&self.filler).filter(|stamp| stamp.run == self.run)
    }

    /// Nanoseconds of the run's clock.
    pub fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A subscribing connection.
#[derive(Debug)]
pub struct Subscriber {
    pub(super) connection: Connection,
    index: usize,
    releases: Releases,
}

impl Subscriber {
    /// A connection that has subscribed already.
    pub fn new(connection: Blocking, index: usize) -> Result<Self, LoadError> {
        Ok(Self { connection: connection.into_connection()?, index, releases: Releases::default() })
    }

    /// True when no message of QoS 2 waits for its release.
    pub fn is_settled(&self) -> bool {
        self.releases.is_settled()
    }

    /// What went wrong in the handshakes of QoS 2.
    pub fn faults(&self) -> u64 {
        self.releases.faults()
    }

    /// Reads what has come, enters it, and answers it.
    pub fn receive<B: Book>(
        &mut self,
        buffer: &mut [u8],
        reading: &Reading,
        book: &mut B,
        mut latency: Option<&mut Histogram>,
    ) -> Result<(), LoadError> {
        let index = self.index;
        let releases = &mut self.releases;
        let mut arrived = None;
        self.connection.receive(buffer, |frame, outgoing| {
            match frame.packet_type() {
                packet_type::PUBLISH => {}
                packet_type::PUBREL => {
                    let id = frame.leading_id().ok_or(LoadError::Malformed("PUBREL"))?;
                    releases.release(id);
                    outgoing.extend_from_slice(&build::pubcomp(id));
                    return Ok(());
                }
                packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
            }
            let Some(delivery) = Delivery::parse(&frame, reading.version) else {
                return Err(LoadError::Malformed("PUBLISH"));
            };
            delivery.answer(outgoing);
            if let (2, Some(id)) = (delivery.qos, delivery.packet_id) {
                releases.receive(id);
            }
            let Some(stamp) = reading.stamp(&delivery) else {
                book.record_corrupt();
                return Ok(());
            };
            if let Some(latency) = latency.as_deref_mut() {
                let now = *arrived.get_or_insert_with(|| reading.now());
                latency.record(now.saturating_sub(stamp.due));
            }
            book.record(index, delivery.topic, &stamp);
            Ok(())
        })?;
        self.connection.flush()
    }
}
