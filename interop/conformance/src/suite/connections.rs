//! Connections and sessions: data types, CONNECT, CONNACK, keep alive, will, session expiry, authentication.

use crate::case::Case;

mod clean_start;
mod keep_alive;

/// The tests of each file.
pub(super) const AREA: &[&[Case]] = &[clean_start::CASES, keep_alive::CASES];
