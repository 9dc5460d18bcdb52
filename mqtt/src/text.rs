//! Text fields: UTF-8 without U+0000. Checking the topic is the most expensive part of decoding a short PUBLISH.

#[cfg(test)]
mod tests;

use crate::error::Fault;
use crate::topic::TopicError;

/// Checks the text in `bytes` `[MQTT5-1.5.4-1]` `[MQTT5-1.5.4-2]` `[MQTT3-1.5.3-1]` `[MQTT3-1.5.3-2]`. A byte-order
/// mark is part of the text `[MQTT5-1.5.4-3]`.
pub(crate) fn parse(bytes: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::TextEncoding)?;
    if bytes.contains(&0) {
        return Err(Fault::TextNul);
    }
    Ok(text)
}

/// Checks the topic name in `bytes`. An empty name is accepted; the caller decides whether it is valid.
#[inline]
pub(crate) fn parse_topic(bytes: &[u8]) -> Result<&str, Fault> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Fault::TextEncoding);
    };
    match crate::topic::check_name_bytes(bytes) {
        Ok(()) => Ok(text),
        Err(TopicError::Nul) => Err(Fault::TextNul),
        Err(_) => Err(Fault::TopicWildcard),
    }
}
