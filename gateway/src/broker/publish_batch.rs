//! Consecutive publishes of one topic by one client: matched once, handed to each subscriber under one lock.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, PublishView, QoS};

mod raw_frames;

pub use raw_frames::RawFrames;

/// A run under way. Either plain frames, which can be forwarded as they are, or messages.
pub struct PublishBatch<'a> {
    bytes: &'a [u8],
    raw_so_far: Option<RawSoFar<'a>>,
    topic: Box<str>,
    lists: BatchLists,
}

/// The lists of a run, for the next one to use.
#[derive(Default)]
pub struct BatchLists {
    messages: Vec<Arc<Message>>,
    packet_ids: Vec<usize>,
    /// The frames, where they do not lie side by side.
    gathered: Vec<u8>,
}

/// The plain frames of a run so far.
struct RawSoFar<'a> {
    topic: &'a str,
    qos: QoS,
    count: u32,
    largest: usize,
    /// The frames, while they lie side by side.
    wire: &'a [u8],
}

impl<'a> PublishBatch<'a> {
    /// An empty run over the bytes of one read.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_lists(bytes, BatchLists::default())
    }

    /// The same with empty lists.
    #[must_use]
    pub fn with_lists(bytes: &'a [u8], lists: BatchLists) -> Self {
        Self { bytes, raw_so_far: None, topic: Box::default(), lists }
    }

    /// The lists, for another run.
    #[must_use]
    pub fn into_lists(self) -> BatchLists {
        let BatchLists { messages, packet_ids, gathered } = self.lists;
        BatchLists {
            messages: emptied(messages),
            packet_ids: emptied(packet_ids),
            gathered: emptied(gathered),
        }
    }

    /// Adds a frame that can be copied, at QoS 0 or 1; `false` when it does not belong to this run. An empty run takes any.
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

    /// Makes this a run of messages of `topic`. It must be empty.
    pub fn begin(&mut self, topic: &str) {
        self.topic = topic.into();
    }

    /// Adds a message.
    pub fn push(&mut self, view: &PublishView<'_>, publisher: u64, now: Instant) {
        self.lists.messages.push(Arc::new(Message::from_view(view, &self.topic, publisher, now)));
    }

    /// The plain frames, if that is what the run is made of.
    #[must_use]
    pub fn raw(&self) -> Option<RawFrames<'_>> {
        let RawSoFar { topic, qos, count, largest, wire } = *self.raw_so_far.as_ref()?;
        let BatchLists { packet_ids, gathered, .. } = &self.lists;
        let wire = if gathered.is_empty() { wire } else { gathered };
        Some(RawFrames { topic, wire, qos, count, largest, packet_ids })
    }

    /// The messages, if that is what the run is made of.
    #[must_use]
    pub fn messages(&self) -> &[Arc<Message>] {
        &self.lists.messages
    }

    /// The topic of plain frames, empty where there are none.
    #[must_use]
    pub fn frames_topic(&self) -> &'a str {
        self.raw_so_far.as_ref().map_or("", |raw_so_far| raw_so_far.topic)
    }

    /// The topic; `None` for an empty run.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match &self.raw_so_far {
            Some(raw_so_far) => Some(raw_so_far.topic),
            None => self.messages().first().map(|message| message.topic()),
        }
    }

    /// Whether the run is made of plain frames.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.raw_so_far.is_some()
    }

    /// How many publishes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.raw_so_far {
            Some(raw_so_far) => u64::from(raw_so_far.count),
            None => u64::try_from(self.messages().len()).unwrap_or(u64::MAX),
        }
    }

    /// Nothing gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw_so_far.is_none() && self.messages().is_empty()
    }

    /// The run should be delivered before more is added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.messages().len().max(self.lists.packet_ids.len()) >= ACKNOWLEDGED_MAX
    }

    /// Empties the run.
    pub fn clear(&mut self) {
        self.raw_so_far = None;
        self.lists.messages.clear();
        self.lists.packet_ids.clear();
        self.lists.gathered.clear();
    }
}

/// Puts a frame behind those of a run; gives its place among them. Where other packets lie in between, acknowledgements that is, the
/// frames are gathered in a buffer from then on.
fn append<'a>(wire: &mut &'a [u8], gathered: &mut Vec<u8>, bytes: &'a [u8], frame: &'a [u8]) -> usize {
    let begin = offset_in(bytes, frame);
    let start = if wire.is_empty() { begin } else { offset_in(bytes, wire) };
    let place = wire.len().max(gathered.len());
    if gathered.is_empty() && begin == start + wire.len() {
        let Some(longer) = bytes.get(start..begin + frame.len()) else {
            unreachable!("the frames of a run are of one read")
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

/// The same list without its content, and without its memory where that is much.
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
/// Publishes with an identifier, or with parts of their own, in a run at most.
const ACKNOWLEDGED_MAX: usize = 128;

#[cfg(test)]
mod tests;
