//! Handles PUBLISH from the client: adds it to a batch, as a raw frame or as a message.

use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{Ack, AckKind, PacketId, PublishView, QoS, ReasonCode};
use tidegate_persistence::Commit;
use tidegate_session::Overflow;

use super::dispatch::Flow;
use super::read_batch::ReadBatch;
use super::{ClientConnection, End, Unfinished};
use crate::acknowledgements::Recognised;
use crate::delivery::{PublishProgress, PublishRequest, Published};
use crate::publish_batch::RawFrames;
use crate::receipt::Receipt;
use crate::turn::Turn;

impl ClientConnection {
    pub(super) fn handle_publish<'a>(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'a>,
        packet: &Frame<'a>,
    ) -> Result<Flow, End> {
        let view = PublishView::parse_after(read.publishes.frames_topic(), packet, self.inbound.version())
            .map_err(|error| End::malformed(&error))?;
        if !RawFrames::accepts(&view, self.needs_own_batch(&view)) {
            return self.handle_single(turn, read, &view);
        }
        self.inbound.admit(&view)?;
        if !read.publishes.extend(&view) {
            self.apply_publishes(turn, read)?;
            if self.is_busy() {
                return Ok(Flow::NextTurn);
            }
            let true = read.publishes.extend(&view) else { unreachable!("an empty batch takes any frame") };
        }
        read.packet_ids.extend(view.packet_id.map(|packet_id| (packet_id, view.qos)));
        if read.publishes.is_full() {
            self.apply_publishes(turn, read)?;
        }
        Ok(Flow::Handled)
    }

    /// Handles a publish that cannot be forwarded as a raw frame (QoS 2, an alias, DUP, RETAIN, an expiry, a large
    /// payload), or whose outcome may differ from that of other messages. Decodes the publish into a message.
    fn handle_single(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
        view: &PublishView<'_>,
    ) -> Result<Flow, End> {
        let alone = self.needs_own_batch(view);
        let topic = self.inbound.admit(view)?;
        let new_batch_topic: Option<Box<str>> =
            (alone || !read.accepts(topic, view.qos)).then(|| topic.into());
        match self.recognise(turn, read, view)? {
            _ if self.is_busy() => Ok(Flow::NextTurn),
            Recognised::New => self.push_single(turn, read, view, new_batch_topic),
            Recognised::Repeat => Ok(Flow::Handled),
        }
    }

    /// Adds a message to the batch. If `new_batch_topic` is a topic, first publishes the current batch and begins a new
    /// batch for this topic.
    fn push_single(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
        view: &PublishView<'_>,
        new_batch_topic: Option<Box<str>>,
    ) -> Result<Flow, End> {
        if let Some(topic) = new_batch_topic {
            self.apply_publishes(turn, read)?;
            if self.is_busy() {
                return Ok(Flow::NextTurn);
            }
            read.publishes.begin(&topic);
        }
        let publisher = self.owner.handle.publisher();
        read.publishes.push(view, publisher, turn.now).map_err(|_| End::out_of_memory())?;
        read.packet_ids.extend(view.packet_id.map(|packet_id| (packet_id, view.qos)));
        if self.needs_own_batch(view) || read.publishes.is_full() {
            self.apply_publishes(turn, read)?;
        }
        Ok(Flow::Handled)
    }

    /// Whether a message must be published in a separate batch: all messages of a batch have the same outcome, and the
    /// outcome of this message may differ.
    fn needs_own_batch(&self, view: &PublishView<'_>) -> bool {
        let config = self.broker.config();
        view.retain || config.has_rejecting_listener || config.session.overflow == Overflow::Reject
    }

    /// Returns whether a QoS 2 publish is new. If it is a retransmission, PUBREC is sent again [MQTT5-4.3.3-10].
    fn recognise(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
        view: &PublishView<'_>,
    ) -> Result<Recognised, End> {
        let (QoS::ExactlyOnce, Some(packet_id)) = (view.qos, view.packet_id) else {
            return Ok(Recognised::New);
        };
        if read.qos2_ids().any(|id| id == packet_id) {
            self.apply_publishes(turn, read)?;
        }
        let pending = u16::try_from(read.qos2_ids().count()).unwrap_or(u16::MAX);
        let Receipt { outcome: recognised, commit } = self.broker.receive(&self.owner, packet_id, pending)?;
        if recognised == Recognised::Repeat {
            self.apply_publishes(turn, read)?;
            if self.is_busy() {
                return Ok(recognised);
            }
            // The PUBREC for the original publish now precedes this PUBREC, unless the original publish arrived on an
            // earlier connection.
            read.replies.push((commit, Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success)));
        }
        Ok(recognised)
    }

    /// Publishes the batch of a read.
    pub(super) fn apply_publishes(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
    ) -> Result<(), End> {
        if read.publishes.is_empty() {
            return Ok(());
        }
        let request = PublishRequest {
            owner: &self.owner,
            version: self.inbound.version(),
            batch: &read.publishes,
            packet_ids: &read.packet_ids,
        };
        let progress = self.broker.publish(turn, request, &mut read.acks);
        read.publishes.clear();
        let outcome = progress.map(|progress| {
            self.finish_publish(turn, progress, &read.packet_ids, &mut read.replies);
        });
        read.packet_ids.clear();
        outcome
    }

    /// Adds the acknowledgements of a published batch to `replies`. If the publish is unfinished, keeps it for the next
    /// turn.
    pub(super) fn finish_publish(
        &mut self,
        turn: &Turn<'_>,
        progress: PublishProgress,
        packet_ids: &[(PacketId, QoS)],
        replies: &mut Vec<(Commit, Ack)>,
    ) {
        let Receipt { outcome, commit } = match progress {
            PublishProgress::Done(receipt) => receipt,
            PublishProgress::Unfinished(publish) => {
                let packet_ids = packet_ids.to_vec();
                self.unfinished = Some(Box::new(Unfinished::Publish { publish, packet_ids }));
                return;
            }
        };
        if outcome == Published::Delivered {
            self.affinity_group = turn.routes.receiver().unwrap_or(self.affinity_group);
        }
        for (packet_id, qos) in packet_ids {
            let kind = if *qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
            replies.push((commit, Ack::new(kind, *packet_id, reason_for(outcome))));
        }
    }
}

fn reason_for(published: Published) -> ReasonCode {
    match published {
        Published::Delivered => ReasonCode::Success,
        Published::Unmatched => ReasonCode::NoMatchingSubscribers,
        Published::Forbidden => ReasonCode::NotAuthorized,
        Published::Refused => ReasonCode::QuotaExceeded,
    }
}
