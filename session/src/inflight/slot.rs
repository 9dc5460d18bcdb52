//! One packet identifier of the in-flight table: its message, and the acknowledgement that it awaits.

use tidegate_mqtt::QoS;

use crate::stored_delivery::StoredDelivery;

use super::State;

/// The state of one packet identifier.
#[derive(Debug)]
pub(crate) enum Slot {
    /// The identifier is free.
    Closed,
    /// A QoS 1 message of a session that ends with its connection. The identifier awaits PUBACK. The message is not
    /// stored, because it is never resent.
    Untracked,
    /// A message that awaits PUBACK (QoS 1) or PUBREC (QoS 2).
    Published(StoredDelivery),
    /// The client sent PUBREC; the identifier awaits PUBCOMP.
    Released {
        /// The position of this identifier in the order of PUBRECs.
        order: u32,
        /// Whether the PUBLISH was sent on the present connection, so that it counts against the send quota of this
        /// connection.
        counted: bool,
        /// See [`StoredDelivery::message_id`].
        message_id: u64,
    },
}

impl Slot {
    /// Returns the acknowledgement that the identifier awaits.
    pub(super) fn state(&self) -> State {
        match self {
            Self::Closed => State::Free,
            Self::Published(stored) if stored.qos == QoS::ExactlyOnce => State::AwaitingPubRec,
            Self::Untracked | Self::Published(_) => State::AwaitingPubAck,
            Self::Released { .. } => State::AwaitingPubComp,
        }
    }

    /// Returns the message id under which the session's change log records the delivery; 0 if the delivery is not
    /// recorded.
    pub(super) fn message_id(&self) -> u64 {
        match self {
            Self::Closed | Self::Untracked => 0,
            Self::Published(stored) => stored.message_id(),
            Self::Released { message_id, .. } => *message_id,
        }
    }

    /// Returns whether the delivery counts against the send quota of the present connection.
    pub(super) fn counts_against_quota(&self) -> bool {
        match self {
            Self::Closed => false,
            Self::Untracked => true,
            Self::Published(stored) => stored.sent,
            Self::Released { counted, .. } => *counted,
        }
    }

    /// Begins a connection: the delivery does not count against the quota of the new connection.
    pub(super) fn reset_counted(&mut self) {
        match self {
            Self::Closed | Self::Untracked => {}
            Self::Published(stored) => stored.sent = false,
            Self::Released { counted, .. } => *counted = false,
        }
    }
}
