//! The publishes and acknowledgements of one read that were not applied yet. Their lists are borrowed from the core,
//! which reuses the memory for the next read.

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
    /// Acknowledgements to the client, in order, each with the commit for which it waits.
    pub(super) replies: Vec<(Commit, Ack)>,
}

/// The empty lists for a read batch, whose memory is reused.
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

    /// Empties the lists and returns them for the next read.
    pub(super) fn recycle(self) -> ReadBatchLists {
        ReadBatchLists {
            publishes: self.publishes.into_lists(),
            packet_ids: emptied(self.packet_ids),
            acks: emptied(self.acks),
            replies: emptied(self.replies),
        }
    }

    /// Whether a message may be added to the batch: it must have the topic of the batch, and it must need an
    /// acknowledgement if and only if the messages in the batch do, because all messages of a batch share one outcome.
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
