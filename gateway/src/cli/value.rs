//! Parsers for argument values.

use bytes::Bytes;
use tidegate_mqtt::topic::{self, SubscriptionFilter};
use tidegate_mqtt::{ProtocolVersion, QoS};
use tidegate_session::SessionExpiry;

/// Parses an MQTT version: `3.1`, `3.1.1` or `5`, or a spelling that other tools use.
pub fn parse_version(text: &str) -> Result<ProtocolVersion, String> {
    match text {
        "3.1" | "mqttv31" => Ok(ProtocolVersion::V3_1),
        "3.1.1" | "311" | "mqttv311" => Ok(ProtocolVersion::V3_1_1),
        "5" | "5.0" | "mqttv5" => Ok(ProtocolVersion::V5),
        _ => Err("expected 3.1, 3.1.1 or 5".to_owned()),
    }
}

/// Parses a QoS: `0`, `1` or `2`.
pub fn parse_qos(text: &str) -> Result<QoS, String> {
    let value = text.parse::<u8>().ok().and_then(|value| QoS::try_from(value).ok());
    value.ok_or_else(|| "expected 0, 1 or 2".to_owned())
}

/// Parses a topic name, which has no wildcards.
pub fn parse_topic(text: &str) -> Result<topic::Name, String> {
    topic::Name::parse(text).map_err(|error| error.to_string())
}

/// Parses a topic filter, which may be a shared subscription.
pub fn parse_filter(text: &str) -> Result<SubscriptionFilter, String> {
    SubscriptionFilter::parse(text).map_err(|error| error.to_string())
}

/// Parses `NAME=VALUE`.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("expected NAME=VALUE".to_owned()),
    }
}

/// Converts a text to bytes.
pub fn parse_bytes(text: &str) -> Result<Bytes, String> {
    Ok(Bytes::copy_from_slice(text.as_bytes()))
}

/// Parses a time in seconds: `30`, or with a unit, such as `30s`, `10m` or `7d`.
pub fn parse_seconds(text: &str) -> Result<u32, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    match SessionExpiry::parse(text) {
        Some(SessionExpiry::After(time)) => Ok(time.to_seconds()),
        _ => Err("expected seconds, or a duration such as 10m".to_owned()),
    }
}

/// Parses a session expiry interval: a time like those that [`parse_seconds`] parses, or `never`.
pub fn parse_session_expiry(text: &str) -> Result<u32, String> {
    if text == "never" {
        return Ok(SessionExpiry::Never.to_seconds());
    }
    parse_seconds(text).map_err(|error| format!("{error}, or never"))
}
