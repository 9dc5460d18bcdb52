//! Application messages, and the copies of messages that sessions must get.

use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, Will};

use crate::clients::describe;

/// A message as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::clients) struct Message {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) content_type: Option<String>,
    /// Index of the client that published the message.
    pub(super) publisher: usize,
    pub(super) expires_at: Option<u64>,
}

/// A copy of a message for one session.
#[derive(Clone)]
pub(in crate::clients) struct MessageCopy {
    pub(super) message: Rc<Message>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Subscription identifiers in ascending order.
    pub(super) subscription_identifiers: Vec<u32>,
    /// Lists of subscription identifiers that the copy may have instead. A client before MQTT 5 receives no
    /// identifiers, so the model cannot tell which subscription brought a retained message.
    pub(super) alternative_identifiers: Vec<Vec<u32>>,
    /// The shared filter through which the session gets the copy.
    pub(super) shared_filter: Option<String>,
}

impl Message {
    pub(super) fn from_publish(publish: &Publish, publisher: usize, now: u64) -> Self {
        Self {
            topic: publish.topic.clone(),
            payload: publish.payload.clone(),
            qos: publish.qos,
            retain: publish.retain,
            content_type: publish.properties.content_type.clone(),
            publisher,
            expires_at: publish.properties.expiry.map(|seconds| after(now, seconds)),
        }
    }

    pub(super) fn from_will(will: &Will, publisher: usize, now: u64) -> Self {
        Self {
            topic: will.topic.as_str().to_owned(),
            payload: will.payload.clone(),
            qos: will.qos,
            retain: will.retain,
            content_type: None,
            publisher,
            expires_at: will.expiry.map(|seconds| after(now, seconds)),
        }
    }

    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl MessageCopy {
    /// Returns whether `publish` is this copy, as a client of `version` must receive it.
    pub(super) fn matches(&self, publish: &Publish, version: ProtocolVersion, now: u64) -> bool {
        self.matches_without_properties(publish) && (!version.is_v5() || self.has_properties(publish, now))
    }

    fn matches_without_properties(&self, publish: &Publish) -> bool {
        self.message.topic == publish.topic
            && self.message.payload == publish.payload
            && self.qos == publish.qos
            && self.retain == publish.retain
    }

    /// Returns whether `publish` has the properties of this copy. `[MQTT5-3.3.4-3]` `[MQTT5-3.3.4-4]`
    /// `[MQTT5-3.3.2-20]` `[MQTT5-3.3.2-6]`
    fn has_properties(&self, publish: &Publish, now: u64) -> bool {
        let mut subscription_identifiers = publish.properties.subscription_identifiers.clone();
        subscription_identifiers.sort_unstable();
        let expiry_fits = match (self.message.expires_at, publish.properties.expiry) {
            (None, None) => true,
            // The broker may round a fraction of a second up or down.
            (Some(at), Some(left)) => {
                let milliseconds = at.saturating_sub(now);
                (milliseconds / 1000..=milliseconds.div_ceil(1000)).contains(&u64::from(left))
            }
            _ => false,
        };
        (subscription_identifiers == self.subscription_identifiers
            || self.alternative_identifiers.contains(&subscription_identifiers))
            && publish.properties.content_type == self.message.content_type
            && expiry_fits
    }
}

impl fmt::Debug for MessageCopy {
    /// Formats the copy in the form in which packets are described.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message { topic, payload, expires_at, .. } = &*self.message;
        let payload = describe::payload(payload);
        write!(f, "{payload} on {topic:?}, {:?}", self.qos)?;
        let retain = if self.retain { ", RETAIN" } else { "" };
        write!(f, "{retain}, identifiers {:?}, expires at {expires_at:?}", self.subscription_identifiers)?;
        self.shared_filter.iter().try_for_each(|shared_filter| write!(f, ", through {shared_filter}"))
    }
}

/// Returns the time, in milliseconds, that is `seconds` after `now`.
pub(super) fn after(now: u64, seconds: u32) -> u64 {
    now + u64::from(seconds) * 1000
}
