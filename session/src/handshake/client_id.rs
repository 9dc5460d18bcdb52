//! Which client identifier a connection gets. That none of another session is assigned is the caller's care.

use std::sync::Arc;

use tidegate_mqtt::{Connect, ProtocolVersion, ReasonCode};

use crate::config::Config;

/// The client identifier, and whether we assigned it. `[MQTT5-3.1.3-6]` `[MQTT5-3.1.3-8]` `[MQTT3-3.1.3-9]`
pub(super) fn choose(
    connect: &Connect,
    config: &Config,
    assign: impl FnOnce() -> String,
) -> Result<(Arc<str>, bool), ReasonCode> {
    let wanted = connect.client_id.as_str();
    if wanted.is_empty() && may_be_empty(connect) {
        return Ok((assign().into(), true));
    }
    // MQTT 3.1, section 3.1: between 1 and 23 characters.
    let strict = connect.version == ProtocolVersion::V3_1 && config.client_id_strict;
    let fits = wanted.len() <= config.client_id_len_max && !(strict && wanted.chars().count() > 23);
    if wanted.is_empty() || !fits {
        return Err(ReasonCode::ClientIdentifierNotValid);
    }
    Ok((wanted.into(), false))
}

/// MQTT 3.1 has no empty identifiers, 3.1.1 only for clean sessions. `[MQTT3-3.1.3-8]` `[MQTT5-3.1.3-6]`
fn may_be_empty(connect: &Connect) -> bool {
    match connect.version {
        ProtocolVersion::V3_1 => false,
        ProtocolVersion::V3_1_1 => connect.clean_start,
        ProtocolVersion::V5 => true,
    }
}
