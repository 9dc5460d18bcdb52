//! Checks one filter of a SUBSCRIBE against the features that the server offers. The client's permissions are checked
//! elsewhere.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, ReasonCode, SubscribeEntry};

use crate::config::Config;
use crate::violation::Violation;

pub(super) fn check(
    entry: &SubscribeEntry,
    identifier: Option<u32>,
    config: &Config,
    version: ProtocolVersion,
) -> Result<ReasonCode, Violation> {
    let Ok(filter) = &entry.filter else { return Ok(failure_code(ReasonCode::TopicFilterInvalid, version)) };
    // [MQTT5-3.8.3-4]
    if filter.share.is_some() && entry.options.no_local {
        return Err(Violation::NoLocalOnShared);
    }
    if identifier.is_some() && !config.identifier_available {
        return Err(Violation::IdentifierNotServed);
    }
    match unavailable_feature(filter, config) {
        // Before MQTT 5, CONNACK cannot announce unavailable features, so this is no violation. [MQTT3-3.8.3-2]
        Some(_) if !version.is_v5() => Ok(ReasonCode::UnspecifiedError),
        Some(violation) => Err(violation),
        None => Ok(ReasonCode::granted(entry.options.qos.min(config.qos_max))),
    }
}

fn unavailable_feature(filter: &SubscriptionFilter, config: &Config) -> Option<Violation> {
    if filter.share.is_some() && !config.shared_available {
        return Some(Violation::SharedNotServed);
    }
    let wildcard = filter.filter.has_wildcards();
    (wildcard && !config.wildcard_available).then_some(Violation::WildcardNotServed)
}

/// Returns the reason code to send. Before MQTT 5, 0x80 is the only failure code. `[MQTT3-3.9.3-2]`
fn failure_code(reason: ReasonCode, version: ProtocolVersion) -> ReasonCode {
    if version.is_v5() { reason } else { ReasonCode::UnspecifiedError }
}
