//! The sender's state table for one delivery at QoS 1 or 2. The table holds no messages.
//!
//! ```text
//!  QoS 1:  PUBLISH -> AwaitingPubAck -- PUBACK --> done
//!  QoS 2:  PUBLISH -> AwaitingPubRec -- PUBREC < 0x80 --> AwaitingPubComp -- PUBCOMP --> done
//!                                    `- PUBREC >= 0x80 -> done
//! ```

use tidegate_mqtt::{Ack, AckKind};

/// The acknowledgement that the sender awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No acknowledgement: the packet identifier is free.
    Free,
    AwaitingPubAck,
    AwaitingPubRec,
    AwaitingPubComp,
}

/// An acknowledgement from the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// PUBACK with any reason code.
    Acknowledged,
    /// PUBREC with a reason code below 0x80.
    Received,
    /// PUBREC with a reason code of 0x80 or more.
    Refused,
    /// PUBCOMP.
    Completed,
}

/// The sender's reaction to an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Free the packet identifier and the quota: the delivery is complete, or the receiver refused the message.
    Complete,
    /// Send PUBREL; the message itself is no longer needed.
    Release,
    /// Send PUBREL again, because the receiver repeated its PUBREC.
    Repeat,
    /// Send PUBREL with reason 0x92 (Packet identifier not found).
    Unknown,
    /// Do nothing: the acknowledgement is late or was repeated.
    Ignore,
    /// Report a protocol error: the kind of acknowledgement does not fit the QoS of the delivery.
    Mismatch,
}

impl State {
    /// Returns the sender's reaction to an acknowledgement. `[MQTT5-4.3.2-3]` `[MQTT5-4.3.3-4]` `[MQTT5-4.4.0-2]`
    /// `[MQTT5-3.6.2-1]` `[MQTT3-2.3.1-4]`
    pub(crate) fn on(self, event: Event) -> Action {
        use State::{AwaitingPubAck, AwaitingPubComp, AwaitingPubRec, Free};
        match (self, event) {
            (AwaitingPubAck, Event::Acknowledged) => Action::Complete,
            (AwaitingPubRec, Event::Refused) => Action::Complete,
            (AwaitingPubRec, Event::Received) => Action::Release,
            (AwaitingPubComp, Event::Completed | Event::Refused) => Action::Complete,
            (AwaitingPubComp, Event::Received) => Action::Repeat,
            (Free, Event::Received) => Action::Unknown,
            (Free, _) => Action::Ignore,
            _ => Action::Mismatch,
        }
    }
}

impl Event {
    /// Returns the event for an acknowledgement; `None` for PUBREL, which only a receiver handles.
    pub(crate) fn from_ack(ack: &Ack) -> Option<Self> {
        match ack.kind {
            AckKind::PubAck => Some(Self::Acknowledged),
            AckKind::PubRec if ack.reason.is_error() => Some(Self::Refused),
            AckKind::PubRec => Some(Self::Received),
            AckKind::PubComp => Some(Self::Completed),
            AckKind::PubRel => None,
        }
    }
}

#[cfg(test)]
mod tests;
