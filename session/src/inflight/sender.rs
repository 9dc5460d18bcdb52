//! The state table of one delivery at QoS 1 or 2, seen from the sender. Holds no messages.
//!
//! ```text
//!  QoS 1:  PUBLISH -> AwaitingPubAck -- PUBACK --> done
//!  QoS 2:  PUBLISH -> AwaitingPubRec -- PUBREC < 0x80 --> AwaitingPubComp -- PUBCOMP --> done
//!                                    `- PUBREC >= 0x80 -> done
//! ```

use tidegate_mqtt::{Ack, AckKind};

/// What the sender waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing: the packet identifier is free.
    Free,
    AwaitingPubAck,
    AwaitingPubRec,
    AwaitingPubComp,
}

/// An acknowledgement of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// PUBACK, whatever its reason.
    Acknowledged,
    /// PUBREC below 0x80.
    Received,
    /// PUBREC of 0x80 or more.
    Refused,
    /// PUBCOMP.
    Completed,
}

/// What the sender does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The delivery is over, also when the receiver refused it; identifier and quota are free.
    Complete,
    /// PUBREL; the message itself is not needed any more.
    Release,
    /// PUBREL once more: the receiver repeated its PUBREC.
    Repeat,
    /// PUBREL 0x92: the identifier is not known.
    Unknown,
    /// Nothing: a late or repeated acknowledgement.
    Ignore,
    /// The acknowledgement is of another QoS than the delivery: a protocol error.
    Mismatch,
}

impl State {
    /// `[MQTT5-4.3.2-3]` `[MQTT5-4.3.3-4]` `[MQTT5-4.4.0-2]` `[MQTT5-3.6.2-1]` `[MQTT3-2.3.1-4]`
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
    /// The event an acknowledgement is; none for PUBREL, which is for the receiver's side.
    pub(crate) fn of(ack: &Ack) -> Option<Self> {
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
