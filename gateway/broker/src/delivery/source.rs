//! The messages of a batch in every encoding that a subscriber needs. Each encoding is made when the first subscriber
//! needs it, and is shared by all that need it.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ProtocolVersion, QoS};
use tidegate_session::Frames;

use crate::hooks::Publication;
use crate::publish_batch::{OwnedFrames, RawFrames};

/// The content of a batch: frames as received, or messages.
pub(super) enum Source<'a> {
    Frames { raw: RawFrames<'a>, encoded: &'a mut EncodedVariants },
    Messages(&'a [Arc<Message>]),
}

/// The encodings made from the frames of a batch so far, with the publisher and its protocol version.
pub(super) struct EncodedVariants {
    pub(super) version: ProtocolVersion,
    pub(super) publisher: u64,
    /// The QoS 0 frames for MQTT 3.1 and 3.1.1, then those for MQTT 5.0, each with the size of the largest frame in
    /// bytes.
    qos0: [Option<(Vec<u8>, usize)>; 2],
    messages: Vec<Arc<Message>>,
}

/// A source that owns its content, for a publish that takes several turns.
pub(super) enum OwnedSource {
    Frames { frames: OwnedFrames, encoded: EncodedVariants },
    Messages(Vec<Arc<Message>>),
}

impl Source<'_> {
    /// Returns the number of messages.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Frames { raw, .. } => usize::try_from(raw.count).unwrap_or(usize::MAX),
            Self::Messages(messages) => messages.len(),
        }
    }

    /// Describes the batch, delivered with `qos`, for the hooks.
    #[cold]
    pub(super) fn publication(&self, qos: QoS) -> Publication<'_> {
        let (topic, published_qos) = match self {
            Self::Frames { raw, .. } => (raw.topic, raw.qos),
            Self::Messages(messages) => {
                let topic = messages.first().map_or("", |message| message.topic());
                (topic, messages.iter().map(|message| message.qos()).max().unwrap_or(qos))
            }
        };
        let count = u64::try_from(self.len()).unwrap_or(u64::MAX);
        Publication { topic, count, qos: qos.min(published_qos), retain: false, is_will: false }
    }

    /// Returns the publisher's id.
    pub(super) fn publisher(&self) -> u64 {
        match self {
            Self::Frames { encoded, .. } => encoded.publisher,
            Self::Messages(messages) => messages.first().map_or(0, |message| message.publisher()),
        }
    }

    /// Returns the batch as messages. Frames are decoded the first time; the messages then count as received `now`.
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
    /// Creates a value without any encoding. `messages` is an empty list whose memory is reused.
    pub(super) fn new(version: ProtocolVersion, publisher: u64, messages: Vec<Arc<Message>>) -> Self {
        Self { version, publisher, qos0: [None, None], messages }
    }

    /// Returns the batch as QoS 0 frames for clients of `version`, and the size of the largest frame in bytes.
    pub(super) fn qos0_frames<'s>(
        &'s mut self,
        raw: &RawFrames<'s>,
        version: ProtocolVersion,
    ) -> (&'s [u8], usize) {
        if raw.qos == QoS::AtMostOnce && version.is_v5() == self.version.is_v5() {
            return (raw.wire, raw.largest_size);
        }
        let from = self.version;
        let [earlier, five] = &mut self.qos0;
        let variant = if version.is_v5() { five } else { earlier };
        let (wire, largest_size) = variant.get_or_insert_with(|| raw.transcribe(from, version));
        (wire, *largest_size)
    }

    /// Returns the frames of a QoS 1 batch if clients of `version` use the same encoding as the publisher.
    pub(super) fn qos1_frames<'r>(
        &self,
        raw: &RawFrames<'r>,
        version: ProtocolVersion,
    ) -> Option<Frames<'r>> {
        let RawFrames { wire, packet_ids, largest_size, .. } = *raw;
        let is_same = version.is_v5() == self.version.is_v5();
        is_same.then_some(Frames { wire, packet_ids, largest_size })
    }

    /// Returns the list of messages, for reuse.
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
