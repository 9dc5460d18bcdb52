//! Messages: PUBLISH and its acknowledgements, QoS, flow control, retained messages, expiry, aliases, order.

use crate::case::Case;

/// The tests of each file.
pub(super) const AREA: &[&[Case]] = &[];
