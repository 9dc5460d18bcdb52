//! The frames of a batch, and the same messages in other forms.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::{Message, Outgoing, ProtocolVersion, PublishView, QoS};

/// Whole PUBLISH frames of one topic and QoS, 0 or 1. Apart from the packet identifier they contain nothing that concerns only
/// one hop: no topic alias, no subscription identifier, no DUP, no RETAIN, no expiry.
#[derive(Clone, Copy)]
pub struct RawFrames<'a> {
    /// The topic of all of them.
    pub topic: &'a str,
    /// The frames, one after the other.
    pub wire: &'a [u8],
    /// The QoS of all of them.
    pub qos: QoS,
    /// How many there are.
    pub count: u32,
    /// Size of the largest in bytes.
    pub largest: usize,
    /// The offsets of their packet identifiers in `wire`; empty at QoS 0.
    pub packet_ids: &'a [usize],
}

/// Frames that outlive the read they came with.
pub(crate) struct OwnedFrames {
    topic: Box<str>,
    wire: Box<[u8]>,
    qos: QoS,
    count: u32,
    largest: usize,
    packet_ids: Box<[usize]>,
}

impl<'a> RawFrames<'a> {
    /// Whether a publish can travel as a frame among others; not if it is at QoS 1 and `alone`, because then it has its own verdict.
    /// Larger ones are shared by their receivers rather than copied for each.
    #[must_use]
    pub const fn takes(view: &PublishView<'_>, alone: bool) -> bool {
        let as_frame = match view.qos {
            QoS::AtMostOnce => true,
            QoS::AtLeastOnce => !alone,
            QoS::ExactlyOnce => false,
        };
        as_frame && view.copyable() && view.properties.len() + view.payload.len() <= COPIED_MAX
    }

    /// The work of one copy to one session.
    pub(crate) fn cost(&self) -> u32 {
        u32::try_from(1 + self.wire.len() / BYTES_PER_UNIT).unwrap_or(u32::MAX)
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

    /// The parsed frames one by one.
    pub fn views(&self, version: ProtocolVersion) -> impl Iterator<Item = PublishView<'a>> {
        let topic = self.topic;
        self.frames(version).filter_map(move |packet| PublishView::parse_after(topic, &packet, version).ok())
    }

    /// Adds the same messages to a list.
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

    /// The same messages as QoS 0 frames in the wire format of `to`, and the size of the largest.
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

impl OwnedFrames {
    pub(crate) fn borrow(&self) -> RawFrames<'_> {
        let Self { topic, wire, qos, count, largest, packet_ids } = self;
        RawFrames { topic, wire, qos: *qos, count: *count, largest: *largest, packet_ids }
    }
}

impl From<RawFrames<'_>> for OwnedFrames {
    fn from(raw: RawFrames<'_>) -> Self {
        let RawFrames { topic, wire, qos, count, largest, packet_ids } = raw;
        Self { topic: topic.into(), wire: wire.into(), qos, count, largest, packet_ids: packet_ids.into() }
    }
}

/// Bytes of frames that are copied for one unit of work.
const BYTES_PER_UNIT: usize = 4096;
/// Properties and payloads up to this many bytes together travel as copied frames.
const COPIED_MAX: usize = 1024;
