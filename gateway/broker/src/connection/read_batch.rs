//! The publishes and acknowledgements of one read that were not applied yet. Their lists belong to the core, which
//! keeps them for the next read.

use tidegate_mqtt::{Ack, PacketId, QoS};
use tidegate_persistence::Commit;

use crate::publish_batch::{BatchLists, PublishBatch, emptied};

/// The publishes and acknowledgements of one read that are to be applied together.
pub(super) struct ReadBatch<'a> {
    /// Publishes of one topic.
    pub(super) publishes: PublishBatch<'a>,
    /// Packet identifiers of these publishes, to be acknowledged in order.
    pub(super) packet_ids: Vec<(PacketId, QoS)>,
    /// Acknowledgements from the client, in order.
    pub(super) acks: Vec<Ack>,
    /// Acknowledgements to the client, in order, each with the commit that it waits for.
    pub(super) replies: Vec<(Commit, Ack)>,
}

/// The lists of a read batch, empty.
#[derive(Default)]
pub(crate) struct ReadBatchLists {
    publishes: BatchLists,
    packet_ids: Vec<(PacketId, QoS)>,
    acks: Vec<Ack>,
    replies: Vec<(Commit, Ack)>,
}

impl<'a> ReadBatch<'a> {
    /// Creates an empty batch for a read of `bytes`.
    pub(super) fn new(bytes: &'a [u8], lists: ReadBatchLists) -> Self {
        let ReadBatchLists { publishes, packet_ids, acks, replies } = lists;
        Self { publishes: PublishBatch::with_lists(bytes, publishes), packet_ids, acks, replies }
    }

    /// Returns the lists, emptied, for another read.
    pub(super) fn recycle(self) -> ReadBatchLists {
        ReadBatchLists {
            publishes: self.publishes.into_lists(),
            packet_ids: emptied(self.packet_ids),
            acks: emptied(self.acks),
            replies: emptied(self.replies),
        }
    }

    /// Whether a message may join the batch: its topic is that of the batch, and it needs an acknowledgement if and
    /// only if the messages in the batch do, because all of them share one outcome.
    pub(super) fn accepts(&self, topic: &str, qos: QoS) -> bool {
        self.publishes.holds(topic) && self.packet_ids.is_empty() == (qos == QoS::AtMostOnce)
    }

    /// Returns the identifiers of the batch's QoS 2 messages. All of them are new.
    pub(super) fn qos2_ids(&self) -> impl Iterator<Item = PacketId> {
        // Raw frames have QoS 0 or 1.
        let packet_ids = if self.publishes.is_raw() { &[] } else { self.packet_ids.as_slice() };
        packet_ids.iter().filter(|(_, qos)| *qos == QoS::ExactlyOnce).map(|(packet_id, _)| *packet_id)
    }
}
