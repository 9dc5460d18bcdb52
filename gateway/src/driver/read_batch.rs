//! What one read brought so far and is not carried out yet. Its lists are the core's, which keeps them for the next read.

use std::time::Instant;

use tidegate_mqtt::{Ack, PacketId, QoS};
use tidegate_persistence::Commit;

use crate::broker::{BatchLists, PublishBatch, emptied};

/// What is to be carried out.
pub(super) struct ReadBatch<'a> {
    pub(super) now: Instant,
    pub(super) batch: PublishBatch<'a>,
    /// Acknowledgements by the client, in order.
    pub(super) acks: Vec<Ack>,
    /// Identifiers that the run's publishes are answered by, in order.
    pub(super) owed: Vec<(PacketId, QoS)>,
    /// Our acknowledgements, in order, and the commits that they wait for.
    pub(super) replies: Vec<(Commit, Ack)>,
}

/// The lists of an intake, empty. To grow them anew at each read would cost more than what is in them.
#[derive(Default)]
pub struct ReadBatchLists {
    acks: Vec<Ack>,
    owed: Vec<(PacketId, QoS)>,
    replies: Vec<(Commit, Ack)>,
    batch: BatchLists,
}

impl<'a> ReadBatch<'a> {
    /// An empty intake from a read of `bytes`.
    pub(super) fn new(bytes: &'a [u8], now: Instant, lists: ReadBatchLists) -> Self {
        let ReadBatchLists { acks, owed, replies, batch } = lists;
        Self { now, batch: PublishBatch::with_lists(bytes, batch), acks, owed, replies }
    }

    /// Gives the lists back, within bounds of memory.
    pub(super) fn recycle(self) -> ReadBatchLists {
        ReadBatchLists {
            acks: emptied(self.acks),
            owed: emptied(self.owed),
            replies: emptied(self.replies),
            batch: self.batch.into_lists(),
        }
    }

    /// Whether a publish may join the run: of its topic, and acknowledged as the others are, for it shares their verdict.
    pub(super) fn holds(&self, topic: &str, qos: QoS) -> bool {
        self.batch.holds(topic) && self.owed.is_empty() == (qos == QoS::AtMostOnce)
    }

    /// Identifiers of the run's QoS 2 publishes, all new.
    pub(super) fn taking(&self) -> impl Iterator<Item = PacketId> {
        // Frames are of QoS 0 and 1.
        let owed = if self.batch.is_raw() { &[] } else { self.owed.as_slice() };
        owed.iter().filter(|(_, qos)| *qos == QoS::ExactlyOnce).map(|(packet_id, _)| *packet_id)
    }
}
