//! One packet identifier of the in-flight table: what it holds, and what that awaits.

use tidegate_mqtt::QoS;

use crate::stored_delivery::StoredDelivery;

use super::State;

/// One packet identifier.
#[derive(Debug)]
pub(crate) enum Slot {
    Closed,
    /// A message at QoS 1 to a session that ends with its connection: never sent again, hence not kept.
    Untracked,
    Published(StoredDelivery),
    /// PUBREL sent; `counted`: the PUBLISH was sent on this connection and holds one of its send quota.
    Released {
        order: u32,
        counted: bool,
        /// See [`StoredDelivery::message_id`].
        message_id: u64,
    },
}

impl Slot {
    /// What the identifier awaits.
    pub(super) fn state(&self) -> State {
        match self {
            Self::Closed => State::Free,
            Self::Published(stored) if stored.qos == QoS::ExactlyOnce => State::AwaitingPubRec,
            Self::Untracked | Self::Published(_) => State::AwaitingPubAck,
            Self::Released { .. } => State::AwaitingPubComp,
        }
    }

    /// The number of the delivery in the session's journal; 0 where none is kept.
    pub(super) fn message_id(&self) -> u64 {
        match self {
            Self::Closed | Self::Untracked => 0,
            Self::Published(stored) => stored.message_id(),
            Self::Released { message_id, .. } => *message_id,
        }
    }

    /// Whether it holds one of the send quota of this connection.
    pub(super) fn is_counted(&self) -> bool {
        match self {
            Self::Closed => false,
            Self::Untracked => true,
            Self::Published(stored) => stored.sent,
            Self::Released { counted, .. } => *counted,
        }
    }

    /// A new connection: it holds none.
    pub(super) fn reset_counted(&mut self) {
        match self {
            Self::Closed | Self::Untracked => {}
            Self::Published(stored) => stored.sent = false,
            Self::Released { counted, .. } => *counted = false,
        }
    }
}
