//! A subscribing connection, which checks payloads, acknowledges QoS 1 and 2 messages, and reports deliveries to the
//! checker.

use std::time::Instant;

use super::DeliveryChecker;
use super::unreleased_ids::UnreleasedIds;
use crate::connection::{BlockingConnection, Connection};
use crate::error::LoadError;
use crate::latencies::Latencies;
use crate::stamp::Stamp;
use crate::wire::publish::{ReceivedPublish, filler};
use crate::wire::{Version, build, packet_type};

/// The data that subscribers need to check a delivery. All subscribers of a run share the same data.
#[derive(Debug)]
pub struct RunContext {
    /// The start of the run's clock.
    pub epoch: Instant,
    /// Run id, which distinguishes the messages of this run from those of other runs.
    pub run: u32,
    /// The MQTT version.
    pub version: Version,
    filler: Vec<u8>,
}

impl RunContext {
    /// Creates the context of a run with payloads of `payload_len` bytes, and starts the run's clock.
    pub fn new(run: u32, version: Version, payload_len: usize) -> Self {
        let filler = filler(payload_len.saturating_sub(crate::stamp::STAMP_LEN));
        Self { epoch: Instant::now(), run, version, filler }
    }

    /// Returns the stamp of a delivery, or `None` if the payload is corrupt or from another run.
    pub fn stamp(&self, publish: &ReceivedPublish<'_>) -> Option<Stamp> {
        publish.stamp(&self.filler).filter(|stamp| stamp.run == self.run)
    }

    /// Returns the time of the run's clock in nanoseconds.
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
    /// Creates a subscriber from a connection that has already subscribed.
    pub fn new(connection: BlockingConnection, index: usize) -> Result<Self, LoadError> {
        Ok(Self { connection: connection.into_connection()?, index, unreleased: UnreleasedIds::default() })
    }

    /// Returns whether no QoS 2 message awaits its PUBREL.
    pub fn is_complete(&self) -> bool {
        self.unreleased.is_complete()
    }

    /// Returns the number of faults in QoS 2 handshakes.
    pub fn faults(&self) -> u64 {
        self.unreleased.faults()
    }

    /// Reads the packets that have arrived, reports deliveries to the checker, and sends acknowledgements.
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
            let Some(publish) = ReceivedPublish::parse(&packet, context.version) else {
                return Err(LoadError::Malformed("PUBLISH"));
            };
            publish.acknowledge(outgoing);
            if let (2, Some(id)) = (publish.qos, publish.packet_id) {
                unreleased.receive(id);
            }
            let Some(stamp) = context.stamp(&publish) else {
                checker.record_corrupt();
                return Ok(());
            };
            if let Some(latency) = latency.as_deref_mut() {
                let now = *arrived.get_or_insert_with(|| context.now());
                latency.record(now.saturating_sub(stamp.due));
            }
            checker.record(index, publish.topic, &stamp);
            Ok(())
        })?;
        self.connection.flush()
    }
}
