//! Reads the parameters that a completed TLS handshake negotiated.

use rustls::{CommonState, ProtocolVersion};

use tidegate_limits::TlsFacts;

/// Returns the parameters that a completed TLS handshake negotiated. `server_name` is the name that the client sent as
/// SNI.
pub(crate) fn tls_facts(state: &CommonState, server_name: Option<&str>) -> TlsFacts {
    let version = match state.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLS",
    };
    let protocol = state.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into());
    TlsFacts { version, protocol, server_name: server_name.map(Box::from) }
}
