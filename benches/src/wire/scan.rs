//! Splits received bytes into packets, and parses no more of them than the checks need.

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
    /// The packet type.
    pub const fn packet_type(&self) -> u8 {
        self.first >> 4
    }

    /// The packet identifier, for packet types whose body starts with one.
    pub fn leading_id(&self) -> Option<u16> {
        self.body.first_chunk::<2>().map(|id| u16::from_be_bytes(*id))
    }
}

/// The first packet and the bytes after it. None while the packet is incomplete.
pub fn next(bytes: &[u8]) -> Result<Option<(RawPacket<'_>, &[u8])>, LoadError> {
    let [first, after_first @ ..] = bytes else { return Ok(None) };
    let Some((length, after_header)) = variable_length(after_first)? else { return Ok(None) };
    let Some((body, rest)) = after_header.split_at_checked(length) else { return Ok(None) };
    let size = bytes.len() - rest.len();
    let wire = bytes.get(..size).unwrap_or(bytes);
    Ok(Some((RawPacket { first: *first, body, wire }, rest)))
}

/// Reads a Variable Byte Integer. Returns it with the bytes after it, and None while it is incomplete.
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

/// The bytes after a property block. None when the block is truncated.
pub fn skip_properties(bytes: &[u8]) -> Option<&[u8]> {
    if let [0, rest @ ..] = bytes {
        return Some(rest);
    }
    let (length, rest) = variable_length(bytes).ok()??;
    rest.get(length..)
}

/// The Receive Maximum in the properties of an MQTT 5.0 CONNACK. None when there is none.
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

/// Length of the value of a CONNACK property, by its identifier.
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
