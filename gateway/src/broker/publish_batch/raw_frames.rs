//! The frames of a run, and the same messages in other forms.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::{Message, Outgoing, ProtocolVersion, PublishView, QoS};

/// Whole frames of one topic and QoS, 0 or 1, without anything that concerns only one hop but the packet identifier.
#[derive(Clone, Copy)]
pub struct RawFrames<'a> {
    /// The topic of all of them.
    pub topic: &'a str,
    /// The frames, one behind the other.
    pub wire: &'a [u8],
    /// The QoS of all of them.
    pub qos: QoS,
    /// How many.
    pub count: u32,
    /// Size of the largest in bytes.
    pub largest: usize,
    /// Where in `wire` their packet identifiers are; none at QoS 0.
    pub packet_ids: &'a [usize],
}

impl<'a> RawFrames<'a> {
    /// Whether a publish can travel as a frame among others. Where `alone`, each publish at QoS 1 has a verdict of its own. Larger
    /// payloads are shared by their receivers rather than copied for each.
    #[must_use]
    pub const fn takes(view: &PublishView<'_>, alone: bool) -> bool {
        let as_frame = match view.qos {
            QoS::AtMostOnce => true,
            QoS::AtLeastOnce => !alone,
            QoS::ExactlyOnce => false,
        };
        as_frame && view.copyable() && view.payload.len() <= COPIED_MAX
    }

    /// The frames one by one.
    pub fn frames(&self, version: ProtocolVersion) -> impl Iterator<Item = Frame<'a>> {
        let mut rest = self.wire;
        std::iter::from_fn(move || {
            let Ok(Next::Frame(packet)) = frame::next(rest, version, u32::MAX) else { return None };
            rest = rest.get(packet.wire.len()..)?;
            Some(packet)
        })
    }

    /// The publishes one by one.
    pub fn views(&self, version: ProtocolVersion) -> impl Iterator<Item = PublishView<'a>> {
        let topic = self.topic;
        self.frames(version).filter_map(move |packet| PublishView::parse_after(topic, &packet, version).ok())
    }

    /// Adds the same messages, as shared ones, to a list.
    pub fn put_messages(
        &self,
        version: ProtocolVersion,
        publisher: u64,
        now: Instant,
        list: &mut Vec<Arc<Message>>,
    ) {
        let message = |view| Arc::new(Message::from_view(&view, view.topic, publisher, now));
        list.extend(self.views(version).map(message));
    }

    /// The same messages as QoS 0 frames of the wire class of `to`; and the size of the largest.
    #[must_use]
    pub fn transcribe(&self, from: ProtocolVersion, to: ProtocolVersion) -> (Vec<u8>, usize) {
        let mut wire = Vec::with_capacity(self.wire.len() + usize::try_from(self.count).unwrap_or(0));
        let mut largest = 0;
        for view in self.views(from) {
            let raw = Outgoing::plain(view.topic, view.payload);
            let outgoing = Outgoing { properties: view.properties, ..raw };
            let before = wire.len();
            outgoing.encode(to, &mut wire);
            largest = largest.max(wire.len() - before);
        }
        (wire, largest)
    }
}

/// Payloads up to this many bytes travel as copied frames.
const COPIED_MAX: usize = 1024;
