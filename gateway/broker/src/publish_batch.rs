//! Consecutive publishes by one client to one topic. The publishes of a batch are matched once and given to each
//! subscriber under one lock.

use std::collections::TryReserveError;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, PublishView, QoS};

mod raw_frames;

pub(crate) use raw_frames::OwnedFrames;
pub use raw_frames::RawFrames;

/// A publish batch to which publishes can be added. The batch holds either raw frames, which can be forwarded
/// unchanged, or messages.
pub struct PublishBatch<'a> {
    bytes: &'a [u8],
    raw_so_far: Option<RawSoFar<'a>>,
    topic: Box<str>,
    lists: BatchLists,
}

/// The lists of a batch, which the next batch can reuse.
#[derive(Default)]
pub struct BatchLists {
    messages: Vec<Arc<Message>>,
    /// The offsets of the packet identifiers in the raw frames.
    packet_ids: Vec<usize>,
    /// A copy of the frames, one after the other, if there were other packets between them; otherwise empty.
    gathered: Vec<u8>,
}

/// The raw frames in the batch so far.
struct RawSoFar<'a> {
    topic: &'a str,
    qos: QoS,
    count: u32,
    largest_size: usize,
    /// The frames in the bytes of the read, as long as there was no other packet between them.
    wire: &'a [u8],
}

impl<'a> PublishBatch<'a> {
    /// Creates an empty batch for frames in `bytes`, the bytes of one read.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_lists(bytes, BatchLists::default())
    }

    /// Creates an empty batch like [`Self::new`] that reuses `lists`, which must be empty.
    #[must_use]
    pub fn with_lists(bytes: &'a [u8], lists: BatchLists) -> Self {
        Self { bytes, raw_so_far: None, topic: Box::default(), lists }
    }

    /// Returns the lists, emptied, for another batch.
    #[must_use]
    pub fn into_lists(self) -> BatchLists {
        let BatchLists { messages, packet_ids, gathered } = self.lists;
        BatchLists {
            messages: emptied(messages),
            packet_ids: emptied(packet_ids),
            gathered: emptied(gathered),
        }
    }

    /// Adds a frame of QoS 0 or 1 that can be forwarded unchanged. Returns `false` if its topic or QoS is not that of
    /// the batch, or if the batch holds messages. An empty batch accepts any frame.
    #[must_use]
    pub fn extend(&mut self, view: &PublishView<'a>) -> bool {
        if !self.lists.messages.is_empty() {
            return false;
        }
        let (topic, qos) = (view.topic, view.qos);
        let raw_so_far =
            self.raw_so_far.get_or_insert(RawSoFar { topic, qos, count: 0, largest_size: 0, wire: &[] });
        if raw_so_far.topic != topic || raw_so_far.qos != qos {
            return false;
        }
        raw_so_far.count += 1;
        raw_so_far.largest_size = raw_so_far.largest_size.max(view.wire.len());
        let start = append(&mut raw_so_far.wire, &mut self.lists.gathered, self.bytes, view.wire);
        self.lists.packet_ids.extend(view.packet_id_at().map(|at| start + at));
        true
    }

    /// Whether the batch holds messages of `topic`, so that further messages of this topic can be added.
    #[must_use]
    pub fn holds(&self, topic: &str) -> bool {
        !self.messages().is_empty() && *self.topic == *topic
    }

    /// Makes this batch, which must be empty, a batch of messages of `topic`.
    pub fn begin(&mut self, topic: &str) {
        self.topic = topic.into();
    }

    /// Adds a message.
    ///
    /// # Errors
    /// When there is not enough memory for it.
    pub fn push(
        &mut self,
        view: &PublishView<'_>,
        publisher: u64,
        now: Instant,
    ) -> Result<(), TryReserveError> {
        self.lists.messages.push(Arc::new(Message::try_from_view(view, &self.topic, publisher, now)?));
        Ok(())
    }

    /// Returns the raw frames, if the batch consists of frames.
    #[must_use]
    pub fn raw(&self) -> Option<RawFrames<'_>> {
        let RawSoFar { topic, qos, count, largest_size, wire } = *self.raw_so_far.as_ref()?;
        let BatchLists { packet_ids, gathered, .. } = &self.lists;
        let wire = if gathered.is_empty() { wire } else { gathered };
        Some(RawFrames { topic, wire, qos, count, largest_size, packet_ids })
    }

    /// Returns the messages; empty if the batch consists of frames.
    #[must_use]
    pub fn messages(&self) -> &[Arc<Message>] {
        &self.lists.messages
    }

    /// Returns the topic of the frames; empty if there are none.
    #[must_use]
    pub fn frames_topic(&self) -> &'a str {
        self.raw_so_far.as_ref().map_or("", |raw_so_far| raw_so_far.topic)
    }

    /// Returns the topic of the batch; `None` for an empty batch.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match &self.raw_so_far {
            Some(raw_so_far) => Some(raw_so_far.topic),
            None => self.messages().first().map(|message| message.topic()),
        }
    }

    /// Whether the batch consists of raw frames.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.raw_so_far.is_some()
    }

    /// Returns the number of messages in the batch.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.raw_so_far {
            Some(raw_so_far) => u64::from(raw_so_far.count),
            None => u64::try_from(self.messages().len()).unwrap_or(u64::MAX),
        }
    }

    /// Returns the number of messages in the batch as `usize`.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.len()).unwrap_or(usize::MAX)
    }

    /// Returns the cost, in units of [`crate::Budget`], of delivering the batch to one session.
    pub(crate) fn cost(&self) -> usize {
        let cost = |raw: RawFrames<'_>| usize::try_from(raw.cost()).unwrap_or(usize::MAX);
        self.raw().map_or(self.messages().len(), cost)
    }

    /// Whether the batch holds no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw_so_far.is_none() && self.messages().is_empty()
    }

    /// Whether the batch has reached its maximum length and should be delivered.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.messages().len().max(self.lists.packet_ids.len()) >= BATCH_LEN_MAX
    }

    /// Empties the batch.
    pub fn clear(&mut self) {
        self.raw_so_far = None;
        self.lists.messages.clear();
        self.lists.packet_ids.clear();
        self.lists.gathered.clear();
    }
}

/// Appends a frame to the frames of a batch, and returns the offset of the frame among them. As long as the frames are
/// adjacent in `bytes`, `wire` is extended. If there are other packets (acknowledgements) between two frames, the
/// frames are copied to `gathered`.
fn append<'a>(wire: &mut &'a [u8], gathered: &mut Vec<u8>, bytes: &'a [u8], frame: &'a [u8]) -> usize {
    let begin = offset_in(bytes, frame);
    let start = if wire.is_empty() { begin } else { offset_in(bytes, wire) };
    let place = wire.len().max(gathered.len());
    if gathered.is_empty() && begin == start + wire.len() {
        let Some(longer) = bytes.get(start..begin + frame.len()) else {
            unreachable!("the frames of a batch are from one read")
        };
        *wire = longer;
        return place;
    }
    if gathered.is_empty() {
        gathered.extend_from_slice(wire);
    }
    gathered.extend_from_slice(frame);
    place
}

/// Returns the list without its content. The list keeps its memory, unless that is more than 64 KiB.
pub fn emptied<T>(mut list: Vec<T>) -> Vec<T> {
    list.clear();
    if list.capacity() * size_of::<T>() > SIZE_KEPT_MAX { Vec::new() } else { list }
}

/// Returns the offset of `part` in `whole`. `part` must be a slice of `whole`.
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr())
}

/// Maximum number of bytes of memory that an emptied list keeps. Each core has a few such lists. A larger list is
/// freed, so that one large batch does not hold memory for ever.
const SIZE_KEPT_MAX: usize = 64 * 1024;
/// Maximum number of messages, or of frames with a packet identifier, in a batch. When a batch has reached it, the
/// batch is published and the next one begins, so that the first message does not wait for many others.
const BATCH_LEN_MAX: usize = 128;

#[cfg(test)]
mod tests;
