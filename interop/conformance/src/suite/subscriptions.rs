//! Subscriptions: SUBSCRIBE, UNSUBSCRIBE, filters, shared subscriptions; PINGREQ, DISCONNECT, AUTH, WebSocket.

use crate::case::Case;

/// The tests of each file.
pub(super) const AREA: &[&[Case]] = &[];
