//! The request for a WebSocket, and the check of its answer.

use crate::error::LoadError;

/// The key is the example of RFC 6455: nothing here depends on its being new.
pub(super) const REQUEST: &[u8] = b"GET /mqtt HTTP/1.1\r\n\
    Host: localhost\r\n\
    Connection: Upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: mqtt\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// What the key above must be answered with.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Bytes that an answer may have.
const HEAD_LEN_MAX: usize = 16 * 1024;

/// True once the head is whole and accepts; false while it is torn.
pub(super) fn is_accepted(head: &[u8]) -> Result<bool, LoadError> {
    let Some(rest) = head.strip_suffix(b"\r\n\r\n") else {
        return if head.len() > HEAD_LEN_MAX { Err(LoadError::Malformed("HTTP answer")) } else { Ok(false) };
    };
    let text = String::from_utf8_lossy(rest);
    let mut lines = text.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 101") {
        return Err(LoadError::Malformed("HTTP answer that is not 101"));
    }
    let value = |wanted: &str| {
        text.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
    };
    if value("sec-websocket-accept") != Some(ACCEPT) || value("sec-websocket-protocol") != Some("mqtt") {
        return Err(LoadError::Malformed("HTTP answer that accepts something else"));
    }
    Ok(true)
}
