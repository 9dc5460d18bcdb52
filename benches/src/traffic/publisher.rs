//! One publishing connection: stamps messages, and checks the acknowledgements of QoS 1.

use crate::connection::{Blocking, Connection};
use crate::error::LoadError;
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::wire::packet_type;
use crate::wire::publish::Template;
use crate::wire::scan::Frame;

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

/// Which packet ids wait for their PUBACK.
#[derive(Debug)]
struct Acks {
    open: Vec<bool>,
    open_count: u64,
    open_max: u64,
    faults: u64,
}

impl Publisher {
    /// Publishes through the templates in turn. With `acknowledged`, at QoS 1.
    pub fn new(
        connection: Blocking,
        run: u32,
        id: u32,
        templates: Vec<Template>,
        acknowledged: bool,
    ) -> Result<Self, LoadError> {
        let open_max = u64::from(connection.receive_maximum());
        let acks = acknowledged.then(|| Acks {
            open: vec![false; usize::from(u16::MAX) + 1],
            open_count: 0,
            open_max,
            faults: 0,
        });
        Ok(Self { connection: connection.into_connection()?, run, id, templates, sent: 0, acks })
    }

    /// Messages published so far.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Messages that wait for their acknowledgement.
    pub fn unacknowledged(&self) -> u64 {
        self.acks.as_ref().map_or(0, |acks| acks.open_count)
    }

    /// Acknowledgements that were missing, wrong, or errors.
    pub fn faults(&self) -> u64 {
        self.acks.as_ref().map_or(0, |acks| acks.faults + acks.open_count)
    }

    /// False when the socket, the broker's Receive Maximum or the packet ids forbid another message.
    pub fn can_publish(&self) -> bool {
        let id = usize::from(self.packet_id());
        let has_id = |acks: &Acks| acks.open_count < acks.open_max && acks.open.get(id) == Some(&false);
        self.connection.backlog() < BACKLOG_MAX && self.acks.as_ref().is_none_or(has_id)
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
            acks.begin(packet_id);
        }
    }

    /// Sends what was appended.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        self.connection.flush()
    }

    /// Reads acknowledgements.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<(), LoadError> {
        let acks = &mut self.acks;
        self.connection.receive(buffer, |frame, _| match (frame.packet_type(), acks.as_mut()) {
            (packet_type::PUBACK, Some(acks)) => {
                acks.end(&frame);
                Ok(())
            }
            (packet_type::DISCONNECT, _) => Err(LoadError::Closed),
            (other, _) => Err(LoadError::Unexpected { expected: "PUBACK", packet_type: other }),
        })
    }

    fn packet_id(&self) -> u16 {
        u16::try_from(self.sent % u64::from(u16::MAX)).unwrap_or(0) + 1
    }
}

impl Acks {
    fn begin(&mut self, packet_id: u16) {
        if let Some(open) = self.open.get_mut(usize::from(packet_id)) {
            *open = true;
            self.open_count += 1;
        }
    }

    /// Reason codes below 0x80 are successes: 0x10 says that nobody had subscribed.
    fn end(&mut self, frame: &Frame<'_>) {
        let id = frame.leading_id().map_or(0, usize::from);
        let refused = frame.body.get(2).is_some_and(|reason| *reason >= 0x80);
        match self.open.get_mut(id) {
            Some(open) if *open => {
                *open = false;
                self.open_count -= 1;
                self.faults += u64::from(refused);
            }
            _ => self.faults += 1,
        }
    }
}
