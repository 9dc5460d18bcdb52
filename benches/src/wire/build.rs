//! Builds the packets that a run sends, except PUBLISH.

use super::{Version, packet_type};

/// A PINGREQ packet.
pub const PINGREQ: [u8; 2] = [packet_type::PINGREQ << 4, 0];

/// The properties of CONNECT with a session that never expires.
const NEVER_EXPIRES: [u8; 6] = [5, 0x11, 0xff, 0xff, 0xff, 0xff];

/// A normal DISCONNECT packet, which is the same in both versions.
pub const DISCONNECT: [u8; 2] = [packet_type::DISCONNECT << 4, 0];

/// Determines what happens to the session when a connection starts and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// A new session that ends with the connection.
    Clean,
    /// A new session that outlives the connection. In MQTT 3.1.1, the session is new only if the client id was not used
    /// before.
    New,
    /// An existing session, which is resumed and outlives the connection.
    Resumed,
}

/// Builds a CONNECT packet. `keep_alive` is in seconds; 0 switches keep alive off.
pub fn connect(version: Version, client_id: &str, keep_alive: u16, session: Session) -> Vec<u8> {
    let mut body = Vec::with_capacity(32);
    put_string("MQTT", &mut body);
    body.push(version.level());
    let clean = match session {
        Session::Clean => true,
        Session::New => version.is_v5(),
        Session::Resumed => false,
    };
    body.push(u8::from(clean) << 1);
    body.extend_from_slice(&keep_alive.to_be_bytes());
    match session {
        Session::New | Session::Resumed if version.is_v5() => body.extend_from_slice(&NEVER_EXPIRES),
        _ => put_empty_properties(version, &mut body),
    }
    put_string(client_id, &mut body);
    packet_from_parts(packet_type::CONNECT << 4, &body)
}

/// Builds a SUBSCRIBE packet for `filters`, all with the same QoS.
pub fn subscribe(version: Version, packet_id: u16, filters: &[String], qos: u8) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(&packet_id.to_be_bytes());
    put_empty_properties(version, &mut body);
    for filter in filters {
        put_string(filter, &mut body);
        body.push(qos);
    }
    packet_from_parts((packet_type::SUBSCRIBE << 4) | 0b0010, &body)
}

/// Builds a PUBLISH packet at QoS 1 that removes the retained message of the topic.
pub fn remove_retained(version: Version, packet_id: u16, topic: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_string(topic, &mut body);
    body.extend_from_slice(&packet_id.to_be_bytes());
    put_empty_properties(version, &mut body);
    packet_from_parts((packet_type::PUBLISH << 4) | 0b0011, &body)
}

/// Builds a PUBACK packet with reason code 0. The acknowledgements of this module are the same in both MQTT versions.
pub const fn puback(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBACK << 4, 2, high, low]
}

/// Builds a PUBREC packet with reason code 0.
pub const fn pubrec(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBREC << 4, 2, high, low]
}

/// Builds a PUBREL packet with reason code 0.
pub const fn pubrel(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [(packet_type::PUBREL << 4) | 0b0010, 2, high, low]
}

/// Builds a PUBCOMP packet with reason code 0.
pub const fn pubcomp(packet_id: u16) -> [u8; 4] {
    let [high, low] = packet_id.to_be_bytes();
    [packet_type::PUBCOMP << 4, 2, high, low]
}

/// Builds a packet from its first byte and its body.
pub fn packet_from_parts(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    out.push(first);
    put_variable_length(body.len(), &mut out);
    out.extend_from_slice(body);
    out
}

/// Appends a length as a Variable Byte Integer.
pub fn put_variable_length(length: usize, out: &mut Vec<u8>) {
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

/// Appends a string with its two-byte length. The load generator has no strings of more than 65,535 bytes.
pub fn put_string(text: &str, out: &mut Vec<u8>) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_empty_properties(version: Version, out: &mut Vec<u8>) {
    if version.is_v5() {
        out.push(0);
    }
}
