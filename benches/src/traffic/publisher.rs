//! A publishing connection, which adds stamps to messages and checks the acknowledgements of QoS 1 and 2.

use super::acks::AckTracker;
use super::subscriber::RunContext;
use crate::connection::{BlockingConnection, Connection};
use crate::error::LoadError;
use crate::latencies::Latencies;
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::wire::packet_type;
use crate::wire::publish::Template;

/// A publisher with this number of unsent bytes, or more, sends no further message.
const BACKLOG_MAX: usize = 1024 * 1024;

/// A publishing connection.
#[derive(Debug)]
pub struct Publisher {
    pub(super) connection: Connection,
    run: u32,
    id: u32,
    templates: Vec<Template>,
    sent: u64,
    acks: Option<AckTracker>,
}

impl Publisher {
    /// Creates a publisher that uses the templates in turn. All templates have the QoS `qos`.
    pub fn new(
        connection: BlockingConnection,
        run: u32,
        id: u32,
        templates: Vec<Template>,
        qos: u8,
    ) -> Result<Self, LoadError> {
        let acks = (qos > 0).then(|| AckTracker::new(qos, connection.receive_maximum()));
        Ok(Self { connection: connection.into_connection()?, run, id, templates, sent: 0, acks })
    }

    /// Returns the number of messages published so far.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the number of unacknowledged messages.
    pub fn unacknowledged(&self) -> u64 {
        self.acks.as_ref().map_or(0, AckTracker::unacknowledged)
    }

    /// Returns the number of QoS 2 messages without PUBCOMP.
    pub fn incomplete(&self) -> u64 {
        self.acks.as_ref().filter(|acks| acks.qos() == 2).map_or(0, AckTracker::unacknowledged)
    }

    /// Returns the number of acknowledgements that are missing, were unexpected or reported an error.
    pub fn faults(&self) -> u64 {
        self.acks.as_ref().map_or(0, AckTracker::faults)
    }

    /// Returns whether another message may be sent. Too many unsent bytes, the broker's Receive Maximum and packet
    /// identifiers in use may forbid it.
    pub fn can_publish(&self) -> bool {
        let id = self.packet_id();
        self.connection.backlog() < BACKLOG_MAX && self.acks.as_ref().is_none_or(|acks| acks.can_send(id))
    }

    /// Appends the next message. `due` is in nanoseconds of the run's clock.
    pub fn publish(&mut self, due: u64) {
        let packet_id = self.packet_id();
        let turn = self.sent % count(self.templates.len()).max(1);
        let Some(template) = self.templates.get(length(turn)) else { return };
        let stamp = Stamp { run: self.run, publisher: self.id, sequence: self.sent, due };
        template.append(packet_id, &stamp, self.connection.outgoing());
        self.sent += 1;
        if let Some(acks) = &mut self.acks {
            acks.record_sent(packet_id, due);
        }
    }

    /// Sends the appended messages.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        self.connection.flush()
    }

    /// Reads acknowledgements, records in `latency` how long they took, and answers PUBREC with PUBREL.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        context: &RunContext,
        latency: &mut Latencies,
    ) -> Result<(), LoadError> {
        let acks = &mut self.acks;
        let mut arrived = None;
        self.connection.receive(buffer, |packet, outgoing| match (packet.packet_type(), acks.as_mut()) {
            (packet_type::PUBACK | packet_type::PUBREC | packet_type::PUBCOMP, Some(acks)) => {
                let now = *arrived.get_or_insert_with(|| context.now());
                acks.handle(&packet, now, latency, outgoing);
                Ok(())
            }
            (packet_type::DISCONNECT, _) => Err(LoadError::Closed),
            (other, _) => Err(LoadError::Unexpected { expected: "an acknowledgement", packet_type: other }),
        })?;
        self.connection.flush()
    }

    fn packet_id(&self) -> u16 {
        u16::try_from(self.sent % u64::from(u16::MAX)).unwrap_or(0) + 1
    }
}
