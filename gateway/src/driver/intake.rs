//! What one read brought so far and is not carried out yet. Its lists are the core's, which keeps them for the next read.

use std::time::Instant;

use tidegate_mqtt::{Ack, PacketId, QoS};
use tidegate_persistence::Commit;

use crate::broker::{Run, RunLists, emptied};

/// What is to be carried out.
pub(super) struct Intake<'a> {
    pub(super) now: Instant,
    pub(super) run: Run<'a>,
    /// Acknowledgements by the client, in order.
    pub(super) acks: Vec<Ack>,
    /// Identifiers that the run's publishes are answered by, in order.
    pub(super) owed: Vec<(PacketId, QoS)>,
    /// Our acknowledgements, in order, and the commits that they wait for.
    pub(super) replies: Vec<(Commit, Ack)>,
}

/// The lists of an intake, empty. To grow them anew at each read would cost more than what is in them.
#[derive(Default)]
pub struct IntakeLists {
    acks: Vec<Ack>,
    owed: Vec<(PacketId, QoS)>,
    replies: Vec<(Commit, Ack)>,
    run: RunLists,
}

impl<'a> Intake<'a> {
    /// An empty intake from a read of `bytes`.
    pub(super) fn new(bytes: &'a [u8], now: Instant, lists: IntakeLists) -> Self {
        let IntakeLists { acks, owed, replies, run } = lists;
        Self { now, run: Run::with_lists(bytes, run), acks, owed, replies }
    }

    /// Gives the lists back, within bounds of memory.
    pub(super) fn recycle(self) -> IntakeLists {
        IntakeLists {
            acks: emptied(self.acks),
            owed: emptied(self.owed),
            replies: emptied(self.replies),
            run: self.run.into_lists(),
        }
    }

    /// Whether a publish may join the run: of its topic, and acknowledged as the others are, for it shares their verdict.
    pub(super) fn holds(&self, topic: &str, qos: QoS) -> bool {
        self.run.holds(topic) && self.owed.is_empty() == (qos == QoS::AtMostOnce)
    }

    /// Identifiers of the run's QoS 2 publishes, all new.
    pub(super) fn taking(&self) -> impl Iterator<Item = PacketId> {
        // Frames are of QoS 0 and 1.
        let owed = if self.run.is_framed() { &[] } else { self.owed.as_slice() };
        owed.iter().filter(|(_, qos)| *qos == QoS::ExactlyOnce).map(|(packet_id, _)| *packet_id)
    }
}
