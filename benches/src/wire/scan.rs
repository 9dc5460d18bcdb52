//! Splits received bytes into packets, and parses the packets only as far as the checks need.

use crate::error::LoadError;

/// One whole packet, not parsed further.
#[derive(Debug, Clone, Copy)]
pub struct RawPacket<'a> {
    /// The first byte: packet type and flags.
    pub first: u8,
    /// The bytes after the fixed header.
    pub body: &'a [u8],
    /// All bytes of the packet.
    pub wire: &'a [u8],
}

impl RawPacket<'_> {
    /// Returns the packet type.
    pub const fn packet_type(&self) -> u8 {
        self.first >> 4
    }

    /// Returns the packet identifier. Valid only for packet types whose body starts with a packet identifier.
    pub fn leading_id(&self) -> Option<u16> {
        self.body.first_chunk::<2>().map(|id| u16::from_be_bytes(*id))
    }
}

/// Returns the first packet and the bytes after it. Returns `None` while the packet is incomplete.
pub fn next(bytes: &[u8]) -> Result<Option<(RawPacket<'_>, &[u8])>, LoadError> {
    let [first, after_first @ ..] = bytes else { return Ok(None) };
    let Some((length, after_header)) = variable_length(after_first)? else { return Ok(None) };
    let Some((body, rest)) = after_header.split_at_checked(length) else { return Ok(None) };
    let size = bytes.len() - rest.len();
    let wire = bytes.get(..size).unwrap_or(bytes);
    Ok(Some((RawPacket { first: *first, body, wire }, rest)))
}

/// Reads a Variable Byte Integer. Returns the number and the bytes after it, or `None` while the number is incomplete.
pub fn variable_length(bytes: &[u8]) -> Result<Option<(usize, &[u8])>, LoadError> {
    if let [single, rest @ ..] = bytes
        && *single < 0x80
    {
        return Ok(Some((usize::from(*single), rest)));
    }
    let mut value = 0usize;
    let mut rest = bytes;
    for shift in [0, 7, 14, 21] {
        let [digit, after @ ..] = rest else { return Ok(None) };
        value |= usize::from(digit & 0x7f) << shift;
        rest = after;
        if digit & 0x80 == 0 {
            return Ok(Some((value, rest)));
        }
    }
    Err(LoadError::Malformed("remaining length"))
}

/// Returns the bytes after a property block, or `None` if the block is truncated.
pub fn skip_properties(bytes: &[u8]) -> Option<&[u8]> {
    if let [0, rest @ ..] = bytes {
        return Some(rest);
    }
    let (length, rest) = variable_length(bytes).ok()??;
    rest.get(length..)
}

/// Returns the Receive Maximum in the properties of an MQTT 5.0 CONNACK, or `None` if the property is absent.
pub fn receive_maximum(properties: &[u8]) -> Option<u16> {
    let mut rest = properties;
    while let [id, value @ ..] = rest {
        if *id == 0x21 {
            return value.first_chunk::<2>().map(|value| u16::from_be_bytes(*value));
        }
        rest = value.get(connack_property_len(*id, value)?..)?;
    }
    None
}

/// Returns the length of the value of a CONNACK property. `id` is the identifier of the property.
fn connack_property_len(id: u8, value: &[u8]) -> Option<usize> {
    let string = |bytes: &[u8]| bytes.first_chunk::<2>().map(|len| 2 + usize::from(u16::from_be_bytes(*len)));
    match id {
        0x11 | 0x27 => Some(4),
        0x13 | 0x22 => Some(2),
        0x24 | 0x25 | 0x28 | 0x29 | 0x2a => Some(1),
        0x26 => {
            let name = string(value)?;
            Some(name + string(value.get(name..)?)?)
        }
        _ => string(value),
    }
}

#[cfg(test)]
mod tests;
