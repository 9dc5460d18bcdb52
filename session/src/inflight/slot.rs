//! One packet identifier of the in-flight table: its message, and the acknowledgement it awaits.

use tidegate_mqtt::QoS;

use crate::stored_delivery::StoredDelivery;

use super::State;

/// The state of one packet identifier.
#[derive(Debug)]
pub(crate) enum Slot {
    /// The identifier is free.
    Closed,
    /// A QoS 1 message of a session that ends with its connection. It awaits PUBACK. It is never resent, so it is not
    /// stored.
    Untracked,
    /// A message that awaits PUBACK (QoS 1) or PUBREC (QoS 2).
    Published(StoredDelivery),
    /// PUBREC came; it awaits PUBCOMP.
    Released {
        /// The position in the order of PUBRECs.
        order: u32,
        /// Whether the PUBLISH was sent on the present connection, and so counts against its send quota.
        counted: bool,
        /// See [`StoredDelivery::message_id`].
        message_id: u64,
    },
}

impl Slot {
    /// The acknowledgement that the identifier awaits.
    pub(super) fn state(&self) -> State {
        match self {
            Self::Closed => State::Free,
            Self::Published(stored) if stored.qos == QoS::ExactlyOnce => State::AwaitingPubRec,
            Self::Untracked | Self::Published(_) => State::AwaitingPubAck,
            Self::Released { .. } => State::AwaitingPubComp,
        }
    }

    /// The message id under which the session's change log records the delivery; 0 if it does not.
    pub(super) fn message_id(&self) -> u64 {
        match self {
            Self::Closed | Self::Untracked => 0,
            Self::Published(stored) => stored.message_id(),
            Self::Released { message_id, .. } => *message_id,
        }
    }

    /// Whether it counts against the send quota of the present connection.
    pub(super) fn is_counted(&self) -> bool {
        match self {
            Self::Closed => false,
            Self::Untracked => true,
            Self::Published(stored) => stored.sent,
            Self::Released { counted, .. } => *counted,
        }
    }

    /// Called when a connection begins: the slot does not count against the new connection's quota.
    pub(super) fn reset_counted(&mut self) {
        match self {
            Self::Closed | Self::Untracked => {}
            Self::Published(stored) => stored.sent = false,
            Self::Released { counted, .. } => *counted = false,
        }
    }
}
