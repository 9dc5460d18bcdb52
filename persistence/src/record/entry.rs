//! An entry: the record that a message is queued for a session, how it is delivered, and the state of the
//! delivery.

use std::sync::Arc;

use rkyv::with::{AsString, InlineAsBox, Map};
use rkyv::{Archive, Serialize};
use tidegate_mqtt::{PacketId, QoS};

use super::archive::{self, ArchiveBuffer};

/// An entry of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRecord {
    /// The QoS of this delivery.
    pub qos: QoS,
    /// The RETAIN flag of this delivery.
    pub retain: bool,
    /// The identifiers of the matching subscriptions.
    pub subscription_identifiers: Box<[u32]>,
    /// The filter of the shared subscription through which the message is delivered, if any.
    pub shared_filter: Option<Arc<str>>,
    /// The state of the delivery.
    pub state: EntryState,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// The message has not been sent yet.
    Queued,
    /// The message was sent with a packet id.
    Sent {
        /// The packet id.
        packet_id: PacketId,
    },
    /// PUBREC was received, and PUBREL has to be sent. The message is no longer needed.
    Released {
        /// The packet id.
        packet_id: PacketId,
        /// The order number of the PUBREL: PUBRELs are retransmitted in ascending order of this number.
        order: u64,
    },
}

#[derive(Archive, Serialize)]
struct Layout<'a> {
    qos: u8,
    retain: bool,
    #[rkyv(with = InlineAsBox)]
    subscription_identifiers: &'a [u32],
    #[rkyv(with = Map<AsString>)]
    shared_filter: Option<&'a str>,
    state: StateLayout,
}

#[derive(Archive, Serialize)]
enum StateLayout {
    Queued,
    Sent { packet_id: u16 },
    Released { packet_id: u16, order: u64 },
}

impl EntryRecord {
    /// Creates a queued entry without subscription identifiers.
    #[must_use]
    pub fn queued(qos: QoS) -> Self {
        Self {
            qos,
            retain: false,
            subscription_identifiers: Box::default(),
            shared_filter: None,
            state: EntryState::Queued,
        }
    }

    pub(crate) fn archive<'b>(&self, buffer: &'b mut ArchiveBuffer) -> Result<&'b [u8], &'static str> {
        buffer.archive(&Layout {
            qos: self.qos.value(),
            retain: self.retain,
            subscription_identifiers: &self.subscription_identifiers,
            shared_filter: self.shared_filter.as_deref(),
            state: self.state.layout(),
        })
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let layout = archive::access::<ArchivedLayout<'_>>(bytes)?;
        let subscription_identifiers = layout.subscription_identifiers.iter();
        let record = Self {
            qos: archive::parse_qos(layout.qos)?,
            retain: layout.retain,
            subscription_identifiers: subscription_identifiers
                .map(|identifier| archive::parse_identifier(identifier.to_native()))
                .collect::<Result<_, _>>()?,
            shared_filter: layout
                .shared_filter
                .as_ref()
                .map(|shared_filter| Arc::from(shared_filter.as_str())),
            state: EntryState::from_archived(&layout.state)?,
        };
        record.checked()
    }
}

impl EntryRecord {
    /// Returns the record, or an error if its state is impossible at its QoS.
    pub(super) fn checked(self) -> Result<Self, &'static str> {
        match self.state {
            EntryState::Sent { .. } | EntryState::Released { .. } if self.qos == QoS::AtMostOnce => {
                Err("a packet id at QoS 0")
            }
            _ => Ok(self),
        }
    }
}

impl EntryState {
    /// Whether the entry needs the body of its message.
    pub(crate) fn holds_body(self) -> bool {
        !matches!(self, Self::Released { .. })
    }

    /// Changes to another state. A released entry stays released, because its body may be deleted.
    pub(crate) fn advance(&mut self, to: Self) {
        if self.holds_body() || !to.holds_body() {
            *self = to;
        }
    }

    /// Encodes the state in a fixed number of bytes: tag, packet id, order; little-endian.
    pub(crate) fn to_bytes(self) -> [u8; STATE_BYTES] {
        let (tag, packet_id, order) = match self {
            Self::Queued => (0, 0, 0),
            Self::Sent { packet_id } => (1, packet_id.get(), 0),
            Self::Released { packet_id, order } => (2, packet_id.get(), order),
        };
        let mut bytes = [tag; STATE_BYTES];
        let (id, rest) = bytes.split_at_mut(1).1.split_at_mut(2);
        id.copy_from_slice(&packet_id.to_le_bytes());
        rest.copy_from_slice(&order.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let bytes: &[u8; STATE_BYTES] = bytes.try_into().map_err(|_| "a state of the wrong length")?;
        let [tag, low, high, order @ ..] = bytes;
        let packet_id = || archive::packet_id(u16::from_le_bytes([*low, *high]));
        match tag {
            0 => Ok(Self::Queued),
            1 => Ok(Self::Sent { packet_id: packet_id()? }),
            2 => Ok(Self::Released { packet_id: packet_id()?, order: u64::from_le_bytes(*order) }),
            _ => Err("an unknown state"),
        }
    }

    fn layout(self) -> StateLayout {
        match self {
            Self::Queued => StateLayout::Queued,
            Self::Sent { packet_id } => StateLayout::Sent { packet_id: packet_id.get() },
            Self::Released { packet_id, order } => {
                StateLayout::Released { packet_id: packet_id.get(), order }
            }
        }
    }

    fn from_archived(archived: &ArchivedStateLayout) -> Result<Self, &'static str> {
        let id = |value: rkyv::rend::unaligned::u16_ule| archive::packet_id(value.to_native());
        Ok(match archived {
            ArchivedStateLayout::Queued => Self::Queued,
            ArchivedStateLayout::Sent { packet_id } => Self::Sent { packet_id: id(*packet_id)? },
            ArchivedStateLayout::Released { packet_id, order } => {
                Self::Released { packet_id: id(*packet_id)?, order: order.to_native() }
            }
        })
    }
}

/// Whether the archived entry needs the body of its message.
pub(crate) fn holds_body(bytes: &[u8]) -> Result<bool, &'static str> {
    let layout = archive::access::<ArchivedLayout<'_>>(bytes)?;
    Ok(!matches!(layout.state, ArchivedStateLayout::Released { .. }))
}

/// Number of bytes of an encoded state.
pub(super) const STATE_BYTES: usize = 11;
