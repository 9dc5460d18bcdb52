//! The packets a run sends apart from PUBLISH.

use super::{Version, packet_type};

/// PINGREQ as it is on the wire.
pub const PINGREQ: [u8; 2] = [packet_type::PINGREQ << 4, 0];

/// The properties of CONNECT: a Session Expiry Interval that never ends.
const EXPIRES_NEVER: [u8; 6] = [5, 0x11, 0xff, 0xff, 0xff, 0xff];

/// A normal DISCONNECT, alike in both versions.
pub const DISCONNECT: [u8; 2] = [packet_type::DISCONNECT << 4, 0];

/// What becomes of the session at the ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// Begins anew and ends with the connection.
    Clean,
    /// Begins anew and outlives the connection. Before 5.0 it is new only if the client id is.
    New,
    /// Goes on, and outlives the connection.
    Resumed,
}

/// CONNECT. `keep_alive` in seconds, 0 for none.
pub fn connect(version: Version, client_id: &str, keep_alive: u16, session: Session) -> Vec<u8> {
    let mut body = Vec::with_capacity(32);
    string("MQTT", &mut body);
    body.push(version.level());
    let clean = match session {
        Session::Clean => true,
        Session::New => version.is_v5(),
        Session::Resumed => false,
    };
    body.push(u8::from(clean) << 1);
    body.extend_from_slice(&keep_alive.to_be_bytes());
    match session {
        Session::New | Session::Resumed if version.is_v5() => body.extend_from_slice(&EXPIRES_NEVER),
        _ => no_properties(version, &mut body),
    }
    string(client_id, &mut body);
    packet(packet_type::CONNECT << 4, &body)
}

/// SUBSCRIBE for `filters`, all at one QoS.
pub fn subscribe(version: Version, packet_id: u16, filters: &[String], qos: u8) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(&packet_id.to_be_bytes());
    no_properties(version, &mut body);
    for filter in filters {
        string(filter, &mut body);
        body.push(qos);
    }
    packet((packet_type::SUBSCRIBE << 4) | 0b0010, &body)
}

/// PUBLISH that removes the topic's retained message, at QoS 1.
pub fn unretain(version: Version, packet_id: u16, topic: &str) -> Vec<u8> {
    let mut body = Vec::new();
    string(topic, &mut body);
    body.extend_from_slice(&packet_id.to_be_bytes());
    no_properties(version, &mut body);
    packet((packet_type::PUBLISH << 4) | 0b0011, &body)
}

/// PUBACK with reason 0, which has the same form in both versions.
pub const fn puback(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBACK << 4, 2, high, low]
}

/// PUBREC with reason 0.
pub const fn pubrec(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBREC << 4, 2, high, low]
}

/// PUBREL with reason 0.
pub const fn pubrel(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [(packet_type::PUBREL << 4) | 0b0010, 2, high, low]
}

/// PUBCOMP with reason 0.
pub const fn pubcomp(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBCOMP << 4, 2, high, low]
}

/// A whole packet from its first byte and its body.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    out.push(first);
    variable_length(body.len(), &mut out);
    out.extend_from_slice(body);
    out
}

/// A length in the variable byte form.
pub fn variable_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    loop {
        let digit = u8::try_from(rest & 0x7f).unwrap_or(0x7f);
        rest >>= 7;
        if rest == 0 {
            out.push(digit);
            return;
        }
        out.push(digit | 0x80);
    }
}

/// A string with its two-byte length. Longer ones than 65,535 bytes are not built by this tool.
pub fn string(text: &str, out: &mut Vec<u8>) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn no_properties(version: Version, out: &mut Vec<u8>) {
    if version.is_v5() {
        out.push(0);
    }
}
