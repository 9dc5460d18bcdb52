//! The raw frames of a batch, and their conversion to messages and to QoS 0 frames.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::{Message, OutgoingPublish, ProtocolVersion, PublishView, QoS};

/// Complete PUBLISH frames of one topic and one QoS, which is 0 or 1. Apart from the packet identifier, they contain
/// nothing that must be changed when they are forwarded: no topic alias, no subscription identifier, no DUP, no RETAIN,
/// no expiry.
#[derive(Clone, Copy)]
pub struct RawFrames<'a> {
    /// The topic of all frames.
    pub topic: &'a str,
    /// The frames, one after the other.
    pub wire: &'a [u8],
    /// The QoS of all frames.
    pub qos: QoS,
    /// Number of frames.
    pub count: u32,
    /// Size of the largest frame in bytes.
    pub largest_size: usize,
    /// The offsets of the packet identifiers in `wire`; empty at QoS 0.
    pub packet_ids: &'a [usize],
}

/// Raw frames that own their bytes, for a publish that takes several turns.
pub(crate) struct OwnedFrames {
    topic: Box<str>,
    wire: Box<[u8]>,
    qos: QoS,
    count: u32,
    largest_size: usize,
    packet_ids: Box<[usize]>,
}

impl<'a> RawFrames<'a> {
    /// Whether a publish can be forwarded as a raw frame in a batch. `alone`: whether the publish needs an outcome of
    /// its own; then it is not accepted at QoS 1. A large publish is not accepted either, because its payload is shared
    /// by the receivers instead of copied for each.
    #[must_use]
    pub const fn accepts(view: &PublishView<'_>, alone: bool) -> bool {
        let as_frame = match view.qos {
            QoS::AtMostOnce => true,
            QoS::AtLeastOnce => !alone,
            QoS::ExactlyOnce => false,
        };
        as_frame
            && view.is_forwardable_frame()
            && view.properties.len() + view.payload.len() <= FRAME_BYTES_MAX
    }

    /// Returns the cost, in units of [`crate::Budget`], of copying the frames to one session.
    pub(crate) fn cost(&self) -> u32 {
        u32::try_from(1 + self.wire.len() / BYTES_PER_UNIT).unwrap_or(u32::MAX)
    }

    /// Returns the frames one by one.
    pub fn frames(&self, version: ProtocolVersion) -> impl Iterator<Item = Frame<'a>> {
        let mut rest = self.wire;
        std::iter::from_fn(move || {
            let Ok(Next::Frame(packet)) = frame::next(rest, version, u32::MAX) else { return None };
            rest = rest.get(packet.wire.len()..)?;
            Some(packet)
        })
    }

    /// Returns the parsed frames one by one.
    pub fn views(&self, version: ProtocolVersion) -> impl Iterator<Item = PublishView<'a>> {
        let topic = self.topic;
        self.frames(version).filter_map(move |packet| PublishView::parse_after(topic, &packet, version).ok())
    }

    /// Decodes the frames into messages and appends them to `list`.
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

    /// Encodes the messages as QoS 0 frames for protocol version `to`. Returns the frames, and the size in bytes of the
    /// largest frame.
    #[must_use]
    pub fn transcribe(&self, from: ProtocolVersion, to: ProtocolVersion) -> (Vec<u8>, usize) {
        let mut wire = Vec::with_capacity(self.wire.len() + usize::try_from(self.count).unwrap_or(0));
        let mut largest_size = 0;
        for view in self.views(from) {
            let raw = OutgoingPublish::plain(view.topic, view.payload);
            let outgoing = OutgoingPublish { properties: view.properties, ..raw };
            let before = wire.len();
            outgoing.encode(to, &mut wire);
            largest_size = largest_size.max(wire.len() - before);
        }
        (wire, largest_size)
    }
}

impl OwnedFrames {
    pub(crate) fn borrow(&self) -> RawFrames<'_> {
        let Self { topic, wire, qos, count, largest_size, packet_ids } = self;
        RawFrames { topic, wire, qos: *qos, count: *count, largest_size: *largest_size, packet_ids }
    }
}

impl From<RawFrames<'_>> for OwnedFrames {
    fn from(raw: RawFrames<'_>) -> Self {
        let RawFrames { topic, wire, qos, count, largest_size, packet_ids } = raw;
        Self {
            topic: topic.into(),
            wire: wire.into(),
            qos,
            count,
            largest_size,
            packet_ids: packet_ids.into(),
        }
    }
}

/// Number of bytes of frames whose copying costs one unit of the budget. A unit is about one copy of a small message,
/// so long frames must cost more.
const BYTES_PER_UNIT: usize = 4096;
/// Maximum size in bytes of the properties and the payload together that are forwarded in a raw frame. Larger payloads
/// are shared between their receivers instead of being copied for each.
const FRAME_BYTES_MAX: usize = 1024;
