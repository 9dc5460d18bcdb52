//! The messages of a batch in every form that some subscriber takes them in. Each form is made when the first subscriber needs
//! it, and shared by all.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ProtocolVersion, QoS};
use tidegate_session::Frames;

use crate::publish_batch::{OwnedFrames, RawFrames};

/// What is delivered: frames as they came, or messages.
pub(super) enum Source<'a> {
    Frames { raw: RawFrames<'a>, encoded: &'a mut EncodedVariants },
    Messages(&'a [Arc<Message>]),
}

/// The forms made of frames so far, and who published them.
pub(super) struct EncodedVariants {
    pub(super) version: ProtocolVersion,
    pub(super) publisher: u64,
    /// QoS 0 frames of the 3.x versions and of 5.0, and the size of the largest in bytes.
    qos0: [Option<(Vec<u8>, usize)>; 2],
    messages: Vec<Arc<Message>>,
}

/// A source that outlives the read it came with, for a publish that takes several turns.
pub(super) enum OwnedSource {
    Frames { frames: OwnedFrames, encoded: EncodedVariants },
    Messages(Vec<Arc<Message>>),
}

impl Source<'_> {
    /// How many messages.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Frames { raw, .. } => usize::try_from(raw.count).unwrap_or(usize::MAX),
            Self::Messages(messages) => messages.len(),
        }
    }

    /// The publisher's id.
    pub(super) fn publisher(&self) -> u64 {
        match self {
            Self::Frames { encoded, .. } => encoded.publisher,
            Self::Messages(messages) => messages.first().map_or(0, |message| message.publisher()),
        }
    }

    /// The messages.
    pub(super) fn messages(&mut self, now: Instant) -> &[Arc<Message>] {
        match self {
            Self::Frames { raw, encoded } => encoded.messages(raw, now),
            Self::Messages(messages) => messages,
        }
    }
}

impl OwnedSource {
    pub(super) fn borrow(&mut self) -> Source<'_> {
        match self {
            Self::Frames { frames, encoded } => Source::Frames { raw: frames.borrow(), encoded },
            Self::Messages(messages) => Source::Messages(messages),
        }
    }
}

impl EncodedVariants {
    /// No variant yet. `messages` is an empty list.
    pub(super) fn new(version: ProtocolVersion, publisher: u64, messages: Vec<Arc<Message>>) -> Self {
        Self { version, publisher, qos0: [None, None], messages }
    }

    /// QoS 0 frames as a client of `version` reads them, and the size of the largest.
    pub(super) fn qos0_frames<'s>(
        &'s mut self,
        raw: &RawFrames<'s>,
        version: ProtocolVersion,
    ) -> (&'s [u8], usize) {
        if raw.qos == QoS::AtMostOnce && version.is_v5() == self.version.is_v5() {
            return (raw.wire, raw.largest);
        }
        let from = self.version;
        let [earlier, five] = &mut self.qos0;
        let variant = if version.is_v5() { five } else { earlier };
        let (wire, largest) = variant.get_or_insert_with(|| raw.transcribe(from, version));
        (wire, *largest)
    }

    /// The frames of a QoS 1 batch, if a client of `version` reads them as they are.
    pub(super) fn qos1_frames<'r>(
        &self,
        raw: &RawFrames<'r>,
        version: ProtocolVersion,
    ) -> Option<Frames<'r>> {
        let RawFrames { wire, packet_ids, largest, .. } = *raw;
        let is_same = version.is_v5() == self.version.is_v5();
        is_same.then_some(Frames { wire, packet_ids, largest })
    }

    /// The list of messages, for reuse.
    pub(super) fn into_messages(self) -> Vec<Arc<Message>> {
        self.messages
    }

    fn messages(&mut self, raw: &RawFrames<'_>, now: Instant) -> &[Arc<Message>] {
        if self.messages.is_empty() {
            raw.put_messages(self.version, self.publisher, now, &mut self.messages);
        }
        &self.messages
    }
}
