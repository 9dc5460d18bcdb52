//! Chooses the client identifier of a connection. The caller ensures that an assigned identifier is unique.

use std::sync::Arc;

use tidegate_mqtt::{Connect, ProtocolVersion, ReasonCode};

use crate::config::Config;

/// Returns the client identifier, and whether the server assigned it. `[MQTT5-3.1.3-6]` `[MQTT5-3.1.3-8]`
/// `[MQTT3-3.1.3-9]`
pub(super) fn choose_client_id(
    connect: &Connect,
    config: &Config,
    assign: impl FnOnce() -> String,
) -> Result<(Arc<str>, bool), ReasonCode> {
    let requested = connect.client_id.as_str();
    if requested.is_empty() && may_be_empty(connect) {
        return Ok((assign().into(), true));
    }
    // MQTT 3.1, section 3.1: between 1 and 23 characters.
    let strict = connect.version == ProtocolVersion::V3_1 && config.client_id_strict;
    let fits = requested.len() <= config.client_id_len_max && !(strict && requested.chars().count() > 23);
    if requested.is_empty() || !fits {
        return Err(ReasonCode::ClientIdentifierNotValid);
    }
    Ok((requested.into(), false))
}

/// Returns whether the client identifier may be empty: never in MQTT 3.1, only with Clean Session in MQTT 3.1.1, always
/// in MQTT 5. `[MQTT3-3.1.3-8]` `[MQTT5-3.1.3-6]`
fn may_be_empty(connect: &Connect) -> bool {
    match connect.version {
        ProtocolVersion::V3_1 => false,
        ProtocolVersion::V3_1_1 => connect.clean_start,
        ProtocolVersion::V5 => true,
    }
}
