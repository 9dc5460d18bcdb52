//! Consecutive publishes of one topic by one client: matched once, handed to each subscriber under one lock.

use std::collections::TryReserveError;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, PublishView, QoS};

mod raw_frames;

pub(crate) use raw_frames::OwnedFrames;
pub use raw_frames::RawFrames;

/// A batch that grows. It holds either raw frames, which can be forwarded as they are, or messages.
pub struct PublishBatch<'a> {
    bytes: &'a [u8],
    raw_so_far: Option<RawSoFar<'a>>,
    topic: Box<str>,
    lists: BatchLists,
}

/// The lists of a batch, for the next one to reuse.
#[derive(Default)]
pub struct BatchLists {
    messages: Vec<Arc<Message>>,
    packet_ids: Vec<usize>,
    /// The frames, if other packets came between them.
    gathered: Vec<u8>,
}

/// The raw frames so far.
struct RawSoFar<'a> {
    topic: &'a str,
    qos: QoS,
    count: u32,
    largest: usize,
    /// The frames, as long as nothing came between them.
    wire: &'a [u8],
}

impl<'a> PublishBatch<'a> {
    /// An empty batch over the bytes of one read.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_lists(bytes, BatchLists::default())
    }

    /// The same with lists to reuse, which are empty.
    #[must_use]
    pub fn with_lists(bytes: &'a [u8], lists: BatchLists) -> Self {
        Self { bytes, raw_so_far: None, topic: Box::default(), lists }
    }

    /// The lists, for another batch.
    #[must_use]
    pub fn into_lists(self) -> BatchLists {
        let BatchLists { messages, packet_ids, gathered } = self.lists;
        BatchLists {
            messages: emptied(messages),
            packet_ids: emptied(packet_ids),
            gathered: emptied(gathered),
        }
    }

    /// Adds a frame that can be copied, at QoS 0 or 1; `false` when it does not belong to this batch. An empty batch takes any.
    #[must_use]
    pub fn extend(&mut self, view: &PublishView<'a>) -> bool {
        if !self.lists.messages.is_empty() {
            return false;
        }
        let (topic, qos) = (view.topic, view.qos);
        let raw_so_far =
            self.raw_so_far.get_or_insert(RawSoFar { topic, qos, count: 0, largest: 0, wire: &[] });
        if raw_so_far.topic != topic || raw_so_far.qos != qos {
            return false;
        }
        raw_so_far.count += 1;
        raw_so_far.largest = raw_so_far.largest.max(view.wire.len());
        let start = append(&mut raw_so_far.wire, &mut self.lists.gathered, self.bytes, view.wire);
        self.lists.packet_ids.extend(view.packet_id_at().map(|at| start + at));
        true
    }

    /// Whether messages of `topic` may join.
    #[must_use]
    pub fn holds(&self, topic: &str) -> bool {
        !self.messages().is_empty() && *self.topic == *topic
    }

    /// Makes this empty batch one of messages to `topic`.
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

    /// The raw frames, if the batch consists of frames.
    #[must_use]
    pub fn raw(&self) -> Option<RawFrames<'_>> {
        let RawSoFar { topic, qos, count, largest, wire } = *self.raw_so_far.as_ref()?;
        let BatchLists { packet_ids, gathered, .. } = &self.lists;
        let wire = if gathered.is_empty() { wire } else { gathered };
        Some(RawFrames { topic, wire, qos, count, largest, packet_ids })
    }

    /// The messages, if the batch consists of messages.
    #[must_use]
    pub fn messages(&self) -> &[Arc<Message>] {
        &self.lists.messages
    }

    /// The topic of the frames; empty if there are none.
    #[must_use]
    pub fn frames_topic(&self) -> &'a str {
        self.raw_so_far.as_ref().map_or("", |raw_so_far| raw_so_far.topic)
    }

    /// The topic; `None` for an empty batch.
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

    /// How many messages it holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.raw_so_far {
            Some(raw_so_far) => u64::from(raw_so_far.count),
            None => u64::try_from(self.messages().len()).unwrap_or(u64::MAX),
        }
    }

    /// The same as an index.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.len()).unwrap_or(usize::MAX)
    }

    /// The work of one copy of it to one session.
    pub(crate) fn cost(&self) -> usize {
        let cost = |raw: RawFrames<'_>| usize::try_from(raw.cost()).unwrap_or(usize::MAX);
        self.raw().map_or(self.messages().len(), cost)
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw_so_far.is_none() && self.messages().is_empty()
    }

    /// Whether it should be delivered before more is added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.messages().len().max(self.lists.packet_ids.len()) >= ACKNOWLEDGED_MAX
    }

    /// Empties the batch.
    pub fn clear(&mut self) {
        self.raw_so_far = None;
        self.lists.messages.clear();
        self.lists.packet_ids.clear();
        self.lists.gathered.clear();
    }
}

/// Appends a frame to those of a batch; returns its offset among them. Once other packets (acknowledgements) came between two
/// frames, the frames are gathered in a buffer.
fn append<'a>(wire: &mut &'a [u8], gathered: &mut Vec<u8>, bytes: &'a [u8], frame: &'a [u8]) -> usize {
    let begin = offset_in(bytes, frame);
    let start = if wire.is_empty() { begin } else { offset_in(bytes, wire) };
    let place = wire.len().max(gathered.len());
    if gathered.is_empty() && begin == start + wire.len() {
        let Some(longer) = bytes.get(start..begin + frame.len()) else {
            unreachable!("the frames of a batch are of one read")
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

/// The same list without its content; it keeps its memory, unless that is much.
pub fn emptied<T>(mut list: Vec<T>) -> Vec<T> {
    list.clear();
    if list.capacity() * size_of::<T>() > SIZE_KEPT_MAX { Vec::new() } else { list }
}

/// Where `part` begins within `whole`, of which it is a slice.
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr())
}

/// Bytes of memory that an empty list may keep.
const SIZE_KEPT_MAX: usize = 64 * 1024;
/// The most messages, and frames with an identifier, in a batch.
const ACKNOWLEDGED_MAX: usize = 128;

#[cfg(test)]
mod tests;
