//! The HTTP upgrade request and the check of its response.

use crate::error::LoadError;

/// The HTTP upgrade request. The key in the request is the example of RFC 6455, because the load generator does not
/// need a new key per connection.
pub(super) const REQUEST: &[u8] = b"GET /mqtt HTTP/1.1\r\n\
    Host: localhost\r\n\
    Connection: Upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: mqtt\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// The `Sec-WebSocket-Accept` value that a server must return for the key in `REQUEST`.
const EXPECTED_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Maximum length of the response head in bytes.
const HEAD_LEN_MAX: usize = 16 * 1024;

/// Returns whether the response head is complete. A complete head that does not accept the upgrade is an error.
pub(super) fn is_accepted(head: &[u8]) -> Result<bool, LoadError> {
    let Some(rest) = head.strip_suffix(b"\r\n\r\n") else {
        return if head.len() > HEAD_LEN_MAX {
            Err(LoadError::Malformed("HTTP response too long"))
        } else {
            Ok(false)
        };
    };
    let text = String::from_utf8_lossy(rest);
    let mut lines = text.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 101") {
        return Err(LoadError::Malformed("HTTP response other than 101"));
    }
    let value = |wanted: &str| {
        text.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
    };
    if value("sec-websocket-accept") != Some(EXPECTED_ACCEPT)
        || value("sec-websocket-protocol") != Some("mqtt")
    {
        return Err(LoadError::Malformed("HTTP response with a wrong key or protocol"));
    }
    Ok(true)
}
