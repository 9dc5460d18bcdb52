//! Builds the packets that a run sends, except PUBLISH.

use super::{Version, packet_type};

/// A PINGREQ packet.
pub const PINGREQ: [u8; 2] = [packet_type::PINGREQ << 4, 0];

/// The properties of CONNECT with a session that never expires.
const EXPIRES_NEVER: [u8; 6] = [5, 0x11, 0xff, 0xff, 0xff, 0xff];

/// A normal DISCONNECT packet, which is the same in both versions.
pub const DISCONNECT: [u8; 2] = [packet_type::DISCONNECT << 4, 0];

/// What happens to the session when a connection starts and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// A new session that ends with the connection.
    Clean,
    /// A new session that outlives the connection. In 3.1.1 it is new only if the client id is.
    New,
    /// Resumes the session, which outlives the connection.
    Resumed,
}

/// CONNECT. `keep_alive` is in seconds, 0 for none.
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

/// SUBSCRIBE to `filters`, all with the same QoS.
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

/// PUBLISH at QoS 1 that removes the retained message of the topic.
pub fn remove_retained(version: Version, packet_id: u16, topic: &str) -> Vec<u8> {
    let mut body = Vec::new();
    string(topic, &mut body);
    body.extend_from_slice(&packet_id.to_be_bytes());
    no_properties(version, &mut body);
    packet((packet_type::PUBLISH << 4) | 0b0011, &body)
}

/// PUBACK with reason code 0. It is the same in both versions, as are the packets below.
pub const fn puback(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBACK << 4, 2, high, low]
}

/// PUBREC with reason code 0.
pub const fn pubrec(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBREC << 4, 2, high, low]
}

/// PUBREL with reason code 0.
pub const fn pubrel(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [(packet_type::PUBREL << 4) | 0b0010, 2, high, low]
}

/// PUBCOMP with reason code 0.
pub const fn pubcomp(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBCOMP << 4, 2, high, low]
}

/// A packet from its first byte and its body.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    out.push(first);
    variable_length(body.len(), &mut out);
    out.extend_from_slice(body);
    out
}

/// Appends a length as a Variable Byte Integer.
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

/// Appends a string with its two-byte length. The load generator has no strings over 65,535 bytes.
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
