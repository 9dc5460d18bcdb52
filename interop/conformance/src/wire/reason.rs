//! The reason codes that a server may send in each packet type.

use super::Version;
use super::read::PacketType;

/// Returns whether the standard lists the reason code for a packet of this type from a server. `[MQTT5-3.2.2-8]`
/// `[MQTT5-3.4.2-1]` `[MQTT5-3.5.2-1]` `[MQTT5-3.6.2-1]` `[MQTT5-3.7.2-1]` `[MQTT5-3.9.3-2]` `[MQTT5-3.11.3-2]`
/// `[MQTT5-3.14.2-1]` `[MQTT5-3.15.2-1]` `[MQTT3-3.2.2-6]` `[MQTT3-3.9.3-2]`
pub(super) fn is_listed(version: Version, packet_type: PacketType, code: u8) -> bool {
    let listed: &[u8] = match (version, packet_type) {
        (Version::V3, PacketType::ConnAck) => &[0, 1, 2, 3, 4, 5],
        (Version::V3, _) => &[0, 1, 2, 0x80],
        (Version::V5, PacketType::ConnAck) => &CONNACK,
        (Version::V5, PacketType::PubAck | PacketType::PubRec) => {
            &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
        }
        (Version::V5, PacketType::PubRel | PacketType::PubComp) => &[0, 0x92],
        (Version::V5, PacketType::SubAck) => &[0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2],
        (Version::V5, PacketType::UnsubAck) => &[0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91],
        (Version::V5, PacketType::Disconnect) => &DISCONNECT,
        (Version::V5, PacketType::Auth) => &[0, 0x18],
        (Version::V5, PacketType::Publish | PacketType::PingResp) => &[],
    };
    listed.contains(&code)
}

const CONNACK: [u8; 22] = [
    0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A,
    0x9B, 0x9C, 0x9D, 0x9F,
];
const DISCONNECT: [u8; 28] = [
    0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
];
