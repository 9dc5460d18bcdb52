//! Parses the packets of a server strictly. A packet that the standard forbids a server to send fails the test.

use super::property::{self, Properties};
use super::reader::Reader;
use super::{Version, reason};

/// The types of the packets that a server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketType {
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    SubAck,
    UnsubAck,
    PingResp,
    Disconnect,
    Auth,
}

/// One packet from the server. Fields that the packet type does not have are empty, 0 or false.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) packet_type: PacketType,
    /// The whole packet as received, including the fixed header.
    pub(crate) bytes: Vec<u8>,
    /// The packet identifier, or 0 if the packet has none.
    pub(crate) id: u16,
    /// The reason code, or 0 if the packet omits it.
    pub(crate) code: u8,
    /// The reason codes of SUBACK or UNSUBACK, one for each filter.
    pub(crate) codes: Vec<u8>,
    pub(crate) session_present: bool,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) properties: Properties,
}

/// Parses the first packet in `bytes`. Returns the packet and its length in bytes, or `None` if the packet is
/// incomplete.
pub(crate) fn parse(version: Version, bytes: &[u8]) -> Result<Option<(Packet, usize)>, String> {
    let Some(header) = header(bytes)? else { return Ok(None) };
    let (start, len) = header;
    let Some(body) = bytes.get(start..start + len) else { return Ok(None) };
    let first = bytes[0];
    let mut packet = empty_packet(packet_type(first, version)?, bytes[..start + len].to_vec());
    check_flags(packet.packet_type, first & 0x0F)?;
    let mut reader = Reader(body);
    read_body(&mut packet, &mut reader, version, first)?;
    if !reader.is_empty() {
        return Err(format!("{} extra bytes at the end of {:?}", reader.0.len(), packet.packet_type));
    }
    check_codes(&packet, version)?;
    Ok(Some((packet, start + len)))
}

/// Parses the fixed header. Returns the offset and the length of the body in bytes, or `None` if the header is
/// incomplete.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let Some(lengths) = bytes.get(1..) else { return Ok(None) };
    let digits = lengths.iter().take(4).take_while(|byte| **byte & 0x80 != 0).count() + 1;
    let Some(digits) = lengths.get(..digits) else { return Ok(None) };
    let len = Reader(digits).variable_byte_integer()?;
    Ok(Some((1 + digits.len(), usize::try_from(len).expect("a length"))))
}

fn packet_type(first: u8, version: Version) -> Result<PacketType, String> {
    let of_type =
        SERVER_PACKET_TYPES.iter().find(|(value, _, since)| *value == first >> 4 && version >= *since);
    let packet_type = of_type.map(|(_, packet_type, _)| *packet_type);
    packet_type
        .ok_or_else(|| format!("a packet with the first byte {first:#04x}, which a server must not send"))
}

/// Checks the flags in the first byte of a packet. `[MQTT5-2.1.3-1]` `[MQTT3-2.2.2-1]` `[MQTT5-3.3.1-2]`
/// `[MQTT5-3.3.1-4]`
fn check_flags(packet_type: PacketType, flags: u8) -> Result<(), String> {
    let is_valid = match packet_type {
        PacketType::Publish => flags & 0b0110 != 0b0110 && flags & 0b1110 != 0b1000,
        PacketType::PubRel => flags == 2,
        _ => flags == 0,
    };
    if is_valid { Ok(()) } else { Err(format!("{packet_type:?} with the flags {flags:#06b}")) }
}

fn empty_packet(packet_type: PacketType, bytes: Vec<u8>) -> Packet {
    Packet {
        packet_type,
        bytes,
        id: 0,
        code: 0,
        codes: Vec::new(),
        session_present: false,
        topic: String::new(),
        payload: Vec::new(),
        qos: 0,
        retain: false,
        dup: false,
        properties: Properties::default(),
    }
}

fn read_body(
    packet: &mut Packet,
    reader: &mut Reader<'_>,
    version: Version,
    first: u8,
) -> Result<(), String> {
    match packet.packet_type {
        PacketType::ConnAck => read_connack(packet, reader, version),
        PacketType::Publish => read_publish(packet, reader, version, first),
        PacketType::SubAck | PacketType::UnsubAck => read_suback(packet, reader, version),
        PacketType::PingResp => Ok(()),
        PacketType::Disconnect | PacketType::Auth => read_reason(packet, reader),
        PacketType::PubAck | PacketType::PubRec | PacketType::PubRel | PacketType::PubComp => {
            packet.id = identifier(reader)?;
            if version == Version::V5 { read_reason(packet, reader) } else { Ok(()) }
        }
    }
}

fn read_connack(packet: &mut Packet, reader: &mut Reader<'_>, version: Version) -> Result<(), String> {
    let flags = reader.byte()?;
    if flags > 1 {
        return Err(format!("CONNACK with the acknowledge flags {flags:#04x}")); // [MQTT5-3.2.2-1]
    }
    packet.session_present = flags == 1;
    packet.code = reader.byte()?;
    if version == Version::V5 {
        packet.properties = property::read(reader, PacketType::ConnAck)?;
    }
    if packet.session_present && packet.code != 0 {
        return Err("Session Present in a CONNACK that refuses".into()); // [MQTT5-3.2.2-6] [MQTT3-3.2.2-4]
    }
    Ok(())
}

fn read_publish(
    packet: &mut Packet,
    reader: &mut Reader<'_>,
    version: Version,
    first: u8,
) -> Result<(), String> {
    packet.dup = first & 8 != 0;
    packet.qos = (first >> 1) & 3;
    packet.retain = first & 1 != 0;
    packet.topic = reader.string()?;
    if packet.qos > 0 {
        packet.id = identifier(reader)?;
    }
    if version == Version::V5 {
        packet.properties = property::read(reader, PacketType::Publish)?;
    }
    if packet.topic.contains(['+', '#']) {
        return Err(format!("PUBLISH to the topic {}, which has a wildcard", packet.topic)); // [MQTT5-3.3.2-2]
    }
    if packet.topic.is_empty() && !packet.properties.has(property::TOPIC_ALIAS) {
        return Err("PUBLISH with neither a topic nor an alias".into()); // [MQTT5-4.7.3-1]
    }
    packet.payload = reader.rest();
    Ok(())
}

fn read_suback(packet: &mut Packet, reader: &mut Reader<'_>, version: Version) -> Result<(), String> {
    packet.id = identifier(reader)?;
    if version == Version::V5 {
        packet.properties = property::read(reader, packet.packet_type)?;
    } else if packet.packet_type == PacketType::UnsubAck {
        return Ok(());
    }
    packet.codes = reader.rest();
    if packet.codes.is_empty() {
        Err(format!("{:?} without reason codes", packet.packet_type))
    } else {
        Ok(())
    }
}

/// Reads the reason code and the properties. A packet may omit the properties, or both the reason code and the
/// properties.
fn read_reason(packet: &mut Packet, reader: &mut Reader<'_>) -> Result<(), String> {
    if !reader.is_empty() {
        packet.code = reader.byte()?;
    }
    if !reader.is_empty() {
        packet.properties = property::read(reader, packet.packet_type)?;
    }
    Ok(())
}

fn identifier(reader: &mut Reader<'_>) -> Result<u16, String> {
    let id = reader.two_byte_integer()?;
    if id == 0 { Err("the packet identifier 0".into()) } else { Ok(id) }
}

fn check_codes(packet: &Packet, version: Version) -> Result<(), String> {
    if matches!(packet.packet_type, PacketType::Publish | PacketType::PingResp) {
        return Ok(());
    }
    let codes = if packet.codes.is_empty() { &[packet.code][..] } else { &packet.codes };
    match codes.iter().find(|code| !reason::is_listed(version, packet.packet_type, **code)) {
        Some(code) => Err(format!(
            "{:?} with the reason code {code:#04x}, which is not listed for it",
            packet.packet_type
        )),
        None => Ok(()),
    }
}

/// The packet types that a server may send: the number of the type in the fixed header, the type, and the first
/// protocol version that has it.
const SERVER_PACKET_TYPES: [(u8, PacketType, Version); 11] = [
    (2, PacketType::ConnAck, Version::V3),
    (3, PacketType::Publish, Version::V3),
    (4, PacketType::PubAck, Version::V3),
    (5, PacketType::PubRec, Version::V3),
    (6, PacketType::PubRel, Version::V3),
    (7, PacketType::PubComp, Version::V3),
    (9, PacketType::SubAck, Version::V3),
    (11, PacketType::UnsubAck, Version::V3),
    (13, PacketType::PingResp, Version::V3),
    (14, PacketType::Disconnect, Version::V5),
    (15, PacketType::Auth, Version::V5),
];
