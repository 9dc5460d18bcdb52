//! What one read brought so far and was not applied yet. Its lists belong to the core, which keeps them for the next read.

use tidegate_mqtt::{Ack, PacketId, QoS};
use tidegate_persistence::Commit;

use crate::publish_batch::{BatchLists, PublishBatch, emptied};

/// What is to be applied.
pub(super) struct ReadBatch<'a> {
    /// Publishes of one topic.
    pub(super) publishes: PublishBatch<'a>,
    /// Their identifiers, which are to be acknowledged, in order.
    pub(super) packet_ids: Vec<(PacketId, QoS)>,
    /// Acknowledgements by the client, in order.
    pub(super) acks: Vec<Ack>,
    /// Our acknowledgements, in order, and the commits that they wait for.
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
    /// An empty batch of a read of `bytes`.
    pub(super) fn new(bytes: &'a [u8], lists: ReadBatchLists) -> Self {
        let ReadBatchLists { publishes, packet_ids, acks, replies } = lists;
        Self { publishes: PublishBatch::with_lists(bytes, publishes), packet_ids, acks, replies }
    }

    /// The lists, for another read.
    pub(super) fn recycle(self) -> ReadBatchLists {
        ReadBatchLists {
            publishes: self.publishes.into_lists(),
            packet_ids: emptied(self.packet_ids),
            acks: emptied(self.acks),
            replies: emptied(self.replies),
        }
    }

    /// Whether a message may join: it has the topic of the others, and is acknowledged as they are, because they share the outcome.
    pub(super) fn accepts(&self, topic: &str, qos: QoS) -> bool {
        self.publishes.holds(topic) && self.packet_ids.is_empty() == (qos == QoS::AtMostOnce)
    }

    /// Identifiers of the batch's QoS 2 messages, all new.
    pub(super) fn qos2_ids(&self) -> impl Iterator<Item = PacketId> {
        // Frames have QoS 0 or 1.
        let packet_ids = if self.publishes.is_raw() { &[] } else { self.packet_ids.as_slice() };
        packet_ids.iter().filter(|(_, qos)| *qos == QoS::ExactlyOnce).map(|(packet_id, _)| *packet_id)
    }
}
