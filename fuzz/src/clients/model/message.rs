//! Application messages, and what a session is owed of them.

use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, Will};

use crate::clients::broker::Group;
use crate::clients::words;

/// A message as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::clients) struct Message {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) content_type: Option<String>,
    pub(super) publisher: usize,
    /// Which of the publisher's sessions it was.
    pub(super) publisher_serial: u64,
    pub(super) expires_at: Option<u64>,
}

/// One copy for one session.
#[derive(Clone)]
pub(in crate::clients) struct Owed {
    pub(super) message: Rc<Message>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// In ascending order.
    pub(super) identifiers: Vec<u32>,
    /// The shared filter that brings it.
    pub(super) share: Option<String>,
}

impl Message {
    pub(super) fn of_publish(publish: &Publish, publisher: usize, serial: u64, now: u64) -> Self {
        Self {
            topic: publish.topic.clone(),
            payload: publish.payload.clone(),
            qos: publish.qos,
            retain: publish.retain,
            content_type: publish.properties.content_type.clone(),
            publisher,
            publisher_serial: serial,
            expires_at: publish.properties.expiry.map(|seconds| after(now, seconds)),
        }
    }

    pub(super) fn of_will(will: &Will, publisher: usize, serial: u64, now: u64) -> Self {
        Self {
            topic: will.topic.as_str().to_owned(),
            payload: will.payload.clone(),
            qos: will.qos,
            retain: will.retain,
            content_type: None,
            publisher,
            publisher_serial: serial,
            expires_at: will.expiry.map(|seconds| after(now, seconds)),
        }
    }

    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether the broker means this one.
    pub(super) fn is(&self, group: &Group) -> bool {
        let other = &group.message;
        self.expires_at == group.expires_at
            && self.topic == other.topic()
            && self.payload == other.payload()
            && self.qos == other.qos()
            && self.retain == other.retain()
    }
}

impl Owed {
    /// Whether `publish` is this copy, as a client of `version` has to see it.
    pub(super) fn fits(&self, publish: &Publish, version: ProtocolVersion, now: u64) -> bool {
        self.is_alike(publish) && (!version.is_v5() || self.has_properties(publish, now))
    }

    fn is_alike(&self, publish: &Publish) -> bool {
        self.message.topic == publish.topic
            && self.message.payload == publish.payload
            && self.qos == publish.qos
            && self.retain == publish.retain
    }

    /// `[MQTT5-3.3.4-3]` `[MQTT5-3.3.4-4]` `[MQTT5-3.3.2-20]` `[MQTT5-3.3.2-6]`
    fn has_properties(&self, publish: &Publish, now: u64) -> bool {
        let mut identifiers = publish.properties.identifiers.clone();
        identifiers.sort_unstable();
        let expiry_fits = match (self.message.expires_at, publish.properties.expiry) {
            (None, None) => true,
            // A part of a second may count or not.
            (Some(at), Some(left)) => {
                let milliseconds = at.saturating_sub(now);
                (milliseconds / 1000..=milliseconds.div_ceil(1000)).contains(&u64::from(left))
            }
            _ => false,
        };
        identifiers == self.identifiers
            && publish.properties.content_type == self.message.content_type
            && expiry_fits
    }
}

impl fmt::Debug for Owed {
    /// In plain words, as the packets are told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message { topic, payload, expires_at, .. } = &*self.message;
        let payload = words::payload(payload);
        write!(f, "{payload} on {topic:?}, {:?}", self.qos)?;
        let retain = if self.retain { ", RETAIN" } else { "" };
        write!(f, "{retain}, identifiers {:?}, expires at {expires_at:?}", self.identifiers)?;
        self.share.iter().try_for_each(|share| write!(f, ", by {share}"))
    }
}

/// So many seconds later, in milliseconds.
pub(super) fn after(now: u64, seconds: u32) -> u64 {
    now + u64::from(seconds) * 1000
}
