//! One subscribing connection: checks payloads, acknowledges QoS 1 and 2, and enters deliveries into the book.

use std::time::Instant;

use super::DeliveryChecker;
use super::unreleased_ids::UnreleasedIds;
use crate::connection::{BlockingConnection, Connection};
use crate::error::LoadError;
use crate::latencies::Latencies;
use crate::stamp::Stamp;
use crate::wire::publish::{Delivery, filler};
use crate::wire::{Version, build, packet_type};

/// What every subscriber of a run must know to check a delivery.
#[derive(Debug)]
pub struct RunContext {
    /// When the run's clock began.
    pub epoch: Instant,
    /// This run's number.
    pub run: u32,
    /// The protocol.
    pub version: Version,
    filler: Vec<u8>,
}

impl RunContext {
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
    unreleased: UnreleasedIds,
}

impl Subscriber {
    /// A connection that has subscribed already.
    pub fn new(connection: BlockingConnection, index: usize) -> Result<Self, LoadError> {
        Ok(Self { connection: connection.into_connection()?, index, unreleased: UnreleasedIds::default() })
    }

    /// True when no message of QoS 2 waits for its release.
    pub fn is_complete(&self) -> bool {
        self.unreleased.is_complete()
    }

    /// What went wrong in the handshakes of QoS 2.
    pub fn faults(&self) -> u64 {
        self.unreleased.faults()
    }

    /// Reads what has come, enters it, and answers it.
    pub fn receive<B: DeliveryChecker>(
        &mut self,
        buffer: &mut [u8],
        context: &RunContext,
        checker: &mut B,
        mut latency: Option<&mut Latencies>,
    ) -> Result<(), LoadError> {
        let index = self.index;
        let unreleased = &mut self.unreleased;
        let mut arrived = None;
        self.connection.receive(buffer, |packet, outgoing| {
            match packet.packet_type() {
                packet_type::PUBLISH => {}
                packet_type::PUBREL => {
                    let id = packet.leading_id().ok_or(LoadError::Malformed("PUBREL"))?;
                    unreleased.release(id);
                    outgoing.extend_from_slice(&build::pubcomp(id));
                    return Ok(());
                }
                packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
            }
            let Some(delivery) = Delivery::parse(&packet, context.version) else {
                return Err(LoadError::Malformed("PUBLISH"));
            };
            delivery.answer(outgoing);
            if let (2, Some(id)) = (delivery.qos, delivery.packet_id) {
                unreleased.receive(id);
            }
            let Some(stamp) = context.stamp(&delivery) else {
                checker.record_corrupt();
                return Ok(());
            };
            if let Some(latency) = latency.as_deref_mut() {
                let now = *arrived.get_or_insert_with(|| context.now());
                latency.record(now.saturating_sub(stamp.due));
            }
            checker.record(index, delivery.topic, &stamp);
            Ok(())
        })?;
        self.connection.flush()
    }
}
