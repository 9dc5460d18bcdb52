//! One publishing connection: stamps messages, and checks the acknowledgements of QoS 1 and 2.

use super::acks::Acks;
use super::subscriber::RunContext;
use crate::connection::{BlockingConnection, Connection};
use crate::error::LoadError;
use crate::latencies::Latencies;
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::wire::packet_type;
use crate::wire::publish::Template;

/// Bytes that may wait for the socket before a publisher holds back.
const BACKLOG_MAX: usize = 1024 * 1024;

/// A publishing connection.
#[derive(Debug)]
pub struct Publisher {
    pub(super) connection: Connection,
    run: u32,
    id: u32,
    templates: Vec<Template>,
    sent: u64,
    acks: Option<Acks>,
}

impl Publisher {
    /// Publishes through the templates in turn, all of them at `qos`.
    pub fn new(
        connection: BlockingConnection,
        run: u32,
        id: u32,
        templates: Vec<Template>,
        qos: u8,
    ) -> Result<Self, LoadError> {
        let acks = (qos > 0).then(|| Acks::new(qos, connection.receive_maximum()));
        Ok(Self { connection: connection.into_connection()?, run, id, templates, sent: 0, acks })
    }

    /// Messages published so far.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Messages that wait for their acknowledgement.
    pub fn unacknowledged(&self) -> u64 {
        self.acks.as_ref().map_or(0, Acks::open)
    }

    /// Messages of QoS 2 that wait for PUBCOMP.
    pub fn incomplete(&self) -> u64 {
        self.acks.as_ref().filter(|acks| acks.qos() == 2).map_or(0, Acks::open)
    }

    /// Acknowledgements that were missing, wrong, or errors.
    pub fn faults(&self) -> u64 {
        self.acks.as_ref().map_or(0, Acks::faults)
    }

    /// False when the socket, the broker's Receive Maximum or the packet ids forbid another message.
    pub fn can_publish(&self) -> bool {
        let id = self.packet_id();
        self.connection.backlog() < BACKLOG_MAX && self.acks.as_ref().is_none_or(|acks| acks.has_room(id))
    }

    /// Appends the next message; `due` in nanoseconds of the run's clock.
    pub fn publish(&mut self, due: u64) {
        let packet_id = self.packet_id();
        let turn = self.sent % count(self.templates.len()).max(1);
        let Some(template) = self.templates.get(length(turn)) else { return };
        let stamp = Stamp { run: self.run, publisher: self.id, sequence: self.sent, due };
        template.append(packet_id, &stamp, self.connection.outgoing());
        self.sent += 1;
        if let Some(acks) = &mut self.acks {
            acks.begin(packet_id, due);
        }
    }

    /// Sends what was appended.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        self.connection.flush()
    }

    /// Reads acknowledgements, counts into `latency` how long they took, and answers PUBREC.
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
                acks.enter(&packet, now, latency, outgoing);
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
