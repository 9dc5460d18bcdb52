//! Checks CONNACK and SUBACK.

use crate::error::LoadError;
use crate::wire::scan::{self, RawPacket};
use crate::wire::{Version, packet_type};

/// Returns the Session Present flag and the Receive Maximum of a successful CONNACK. A CONNACK with another reason code
/// is an error.
pub(super) fn connack(packet: &RawPacket<'_>, version: Version) -> Result<(bool, u16), LoadError> {
    expect_packet_type(packet, packet_type::CONNACK, "CONNACK")?;
    let [flags, code, rest @ ..] = packet.body else { return Err(LoadError::Malformed("CONNACK")) };
    if *code != 0 {
        return Err(LoadError::Refused { packet: "CONNECT", code: *code });
    }
    if !version.is_v5() {
        return Ok((flags & 1 == 1, u16::MAX));
    }
    let properties = scan::variable_length(rest)?.map(|(_, properties)| properties);
    Ok((flags & 1 == 1, properties.and_then(scan::receive_maximum).unwrap_or(u16::MAX)))
}

/// Checks the packet identifier and all reason codes of a SUBACK.
pub(super) fn suback(packet: &RawPacket<'_>, version: Version, packet_id: u16) -> Result<(), LoadError> {
    expect_packet_type(packet, packet_type::SUBACK, "SUBACK")?;
    if packet.leading_id() != Some(packet_id) {
        return Err(LoadError::Malformed("SUBACK with a wrong packet id"));
    }
    let after_id = packet.body.get(2..).unwrap_or_default();
    let codes = if version.is_v5() { scan::skip_properties(after_id).unwrap_or_default() } else { after_id };
    match codes.iter().find(|code| **code > 2) {
        Some(code) => Err(LoadError::Refused { packet: "SUBSCRIBE", code: *code }),
        None => Ok(()),
    }
}

fn expect_packet_type(packet: &RawPacket<'_>, wanted: u8, expected: &'static str) -> Result<(), LoadError> {
    if packet.packet_type() == wanted {
        return Ok(());
    }
    Err(LoadError::Unexpected { expected, packet_type: packet.packet_type() })
}
