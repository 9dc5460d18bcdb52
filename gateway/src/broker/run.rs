//! Consecutive publishes of one topic by one client: matched once, handed to each subscriber under one lock.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::{Message, Outgoing, ProtocolVersion, PublishView};

/// A run under way. Either plain frames, which lie side by side in the read buffer and can be forwarded as they are, or messages.
pub struct Run<'a> {
    bytes: &'a [u8],
    plain: Option<Plain<'a>>,
    topic: Box<str>,
    messages: Vec<Arc<Message>>,
}

/// Whole QoS 0 frames without anything that concerns only one hop.
#[derive(Clone, Copy)]
pub struct Plain<'a> {
    /// The topic of all of them.
    pub topic: &'a str,
    /// The frames, one behind the other.
    pub wire: &'a [u8],
    /// How many.
    pub count: u32,
    /// Size of the largest in bytes.
    pub largest: usize,
    start: usize,
}

impl<'a> Run<'a> {
    /// An empty run over the bytes of one read.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_list(bytes, Vec::new())
    }

    /// The same with an empty list for its messages.
    #[must_use]
    pub fn with_list(bytes: &'a [u8], messages: Vec<Arc<Message>>) -> Self {
        Self { bytes, plain: None, topic: Box::default(), messages }
    }

    /// The list, for another run.
    #[must_use]
    pub fn into_list(self) -> Vec<Arc<Message>> {
        self.messages
    }

    /// Adds a plain frame; `false` when it does not belong to this run.
    pub fn extend(&mut self, view: &PublishView<'a>) -> bool {
        if !self.messages.is_empty() {
            return false;
        }
        let Some(plain) = &mut self.plain else {
            let start = offset_in(self.bytes, view.wire);
            self.plain =
                Some(Plain { topic: view.topic, wire: view.wire, count: 1, largest: view.wire.len(), start });
            return true;
        };
        let end = plain.start + plain.wire.len();
        if plain.topic != view.topic || offset_in(self.bytes, view.wire) != end {
            return false;
        }
        let Some(wire) = self.bytes.get(plain.start..end + view.wire.len()) else { return false };
        plain.wire = wire;
        plain.count += 1;
        plain.largest = plain.largest.max(view.wire.len());
        true
    }

    /// Whether messages of `topic` may join.
    #[must_use]
    pub fn holds(&self, topic: &str) -> bool {
        !self.messages.is_empty() && *self.topic == *topic
    }

    /// Makes this a run of messages of `topic`. It must be empty.
    pub fn begin(&mut self, topic: &str) {
        self.topic = topic.into();
    }

    /// Adds a message.
    pub fn push(&mut self, view: &PublishView<'_>, publisher: u64, now: Instant) {
        self.messages.push(Arc::new(Message::from_view(view, &self.topic, publisher, now)));
    }

    /// The plain frames, if that is what the run is made of.
    #[must_use]
    pub fn plain(&self) -> Option<Plain<'a>> {
        self.plain
    }

    /// The messages, if that is what the run is made of.
    #[must_use]
    pub fn messages(&self) -> &[Arc<Message>] {
        &self.messages
    }

    /// The topic; `None` for an empty run.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match self.plain {
            Some(plain) => Some(plain.topic),
            None => self.messages.first().map(|message| message.topic()),
        }
    }

    /// How many publishes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self.plain {
            Some(plain) => u64::from(plain.count),
            None => u64::try_from(self.messages.len()).unwrap_or(u64::MAX),
        }
    }

    /// Nothing gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plain.is_none() && self.messages.is_empty()
    }

    /// The run should be delivered before more is added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.messages.len() >= MESSAGES_MAX
    }

    /// Empties the run.
    pub fn clear(&mut self) {
        self.plain = None;
        self.messages.clear();
    }
}

impl<'a> Plain<'a> {
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
        self.frames(version).filter_map(move |packet| PublishView::parse(&packet, version).ok())
    }

    /// The same messages, as shared ones.
    #[must_use]
    pub fn to_messages(&self, version: ProtocolVersion, publisher: u64, now: Instant) -> Vec<Arc<Message>> {
        self.views(version)
            .map(|view| Arc::new(Message::from_view(&view, view.topic, publisher, now)))
            .collect()
    }

    /// The same messages as frames of the other wire class, 3.x for 5.0 and the reverse; and the size of the largest.
    #[must_use]
    pub fn transcribe(&self, from: ProtocolVersion, to: ProtocolVersion) -> (Vec<u8>, usize) {
        let mut wire = Vec::with_capacity(self.wire.len() + usize::try_from(self.count).unwrap_or(0));
        let mut largest = 0;
        for view in self.views(from) {
            let outgoing = Outgoing {
                topic: view.topic,
                properties: view.properties,
                payload: view.payload,
                qos: view.qos,
                retain: false,
                dup: false,
                packet_id: None,
                identifiers: &[],
                alias: None,
                expiry: None,
            };
            let before = wire.len();
            outgoing.encode(to, &mut wire);
            largest = largest.max(wire.len() - before);
        }
        (wire, largest)
    }
}

/// Where `part` begins within `whole`, of which it is a slice.
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr())
}

/// Messages in a run at most.
const MESSAGES_MAX: usize = 128;

#[cfg(test)]
mod tests;
