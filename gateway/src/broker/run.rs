//! Consecutive publishes of one topic by one client: matched once, handed to each subscriber under one lock.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, PublishView, QoS};

mod plain;

pub use plain::Plain;

/// A run under way. Either plain frames, which lie side by side in the read buffer and can be forwarded as they are, or messages.
pub struct Run<'a> {
    bytes: &'a [u8],
    frames: Option<Frames<'a>>,
    topic: Box<str>,
    lists: RunLists,
}

/// The lists of a run, for the next one to use.
#[derive(Default)]
pub struct RunLists {
    messages: Vec<Arc<Message>>,
    packet_ids: Vec<u32>,
}

/// The plain frames of a run so far.
struct Frames<'a> {
    topic: &'a str,
    wire: &'a [u8],
    qos: QoS,
    count: u32,
    largest: usize,
    start: usize,
}

impl<'a> Run<'a> {
    /// An empty run over the bytes of one read.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_lists(bytes, RunLists::default())
    }

    /// The same with empty lists.
    #[must_use]
    pub fn with_lists(bytes: &'a [u8], lists: RunLists) -> Self {
        Self { bytes, frames: None, topic: Box::default(), lists }
    }

    /// The lists, for another run.
    #[must_use]
    pub fn into_lists(self) -> RunLists {
        let RunLists { messages, packet_ids } = self.lists;
        RunLists { messages: emptied(messages), packet_ids: emptied(packet_ids) }
    }

    /// Adds a frame that can be copied, at QoS 0 or 1; `false` when it does not belong to this run.
    pub fn extend(&mut self, view: &PublishView<'a>) -> bool {
        if !self.lists.messages.is_empty() {
            return false;
        }
        let begin = offset_in(self.bytes, view.wire);
        let frames = self.frames.get_or_insert(Frames {
            topic: view.topic,
            wire: &[],
            qos: view.qos,
            count: 0,
            largest: 0,
            start: begin,
        });
        if frames.topic != view.topic || frames.qos != view.qos || frames.start + frames.wire.len() != begin {
            return false;
        }
        let Some(wire) = self.bytes.get(frames.start..begin + view.wire.len()) else { return false };
        let at = view.packet_id_at().map(|at| at + frames.wire.len());
        self.lists.packet_ids.extend(at.and_then(|at| u32::try_from(at).ok()));
        frames.wire = wire;
        frames.count += 1;
        frames.largest = frames.largest.max(view.wire.len());
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
    pub fn plain(&self) -> Option<Plain<'_>> {
        let Frames { topic, wire, qos, count, largest, .. } = *self.frames.as_ref()?;
        Some(Plain { topic, wire, qos, count, largest, packet_ids: &self.lists.packet_ids })
    }

    /// The messages, if that is what the run is made of.
    #[must_use]
    pub fn messages(&self) -> &[Arc<Message>] {
        &self.lists.messages
    }

    /// The topic of plain frames, empty where there are none.
    #[must_use]
    pub fn frames_topic(&self) -> &'a str {
        self.frames.as_ref().map_or("", |frames| frames.topic)
    }

    /// The topic; `None` for an empty run.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match &self.frames {
            Some(frames) => Some(frames.topic),
            None => self.messages().first().map(|message| message.topic()),
        }
    }

    /// Whether the run is made of plain frames.
    #[must_use]
    pub fn is_framed(&self) -> bool {
        self.frames.is_some()
    }

    /// How many publishes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.frames {
            Some(frames) => u64::from(frames.count),
            None => u64::try_from(self.messages().len()).unwrap_or(u64::MAX),
        }
    }

    /// Nothing gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_none() && self.messages().is_empty()
    }

    /// The run should be delivered before more is added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.messages().len().max(self.lists.packet_ids.len()) >= ACKNOWLEDGED_MAX
    }

    /// Empties the run.
    pub fn clear(&mut self) {
        self.frames = None;
        self.lists.messages.clear();
        self.lists.packet_ids.clear();
    }
}

/// The same list without its content, and without its memory where that is much.
pub fn emptied<T>(mut list: Vec<T>) -> Vec<T> {
    list.clear();
    if list.capacity() > LEN_KEPT_MAX { Vec::new() } else { list }
}

/// Where `part` begins within `whole`, of which it is a slice.
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr())
}

/// Longest list whose memory is kept.
const LEN_KEPT_MAX: usize = 4096;
/// Publishes with an identifier, or with parts of their own, in a run at most.
const ACKNOWLEDGED_MAX: usize = 128;

#[cfg(test)]
mod tests;
