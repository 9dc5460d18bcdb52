//! Splits a byte stream into packets. The fixed header (flags, length, size limit) is checked here, the rest of a
//! packet is not.

mod packet_type;
#[cfg(test)]
mod tests;

pub use packet_type::PacketType;

use crate::ProtocolVersion;
use crate::error::{DecodeError, Fault};
use crate::variable::{self, Variable};

/// Size in bytes of the largest possible packet: five bytes of fixed header and 268,435,455 bytes after it.
pub const PACKET_SIZE_MAX: u32 = 268_435_460;

/// A complete packet whose contents are not checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The packet type.
    pub packet_type: PacketType,
    /// The low four bits of the first byte.
    pub flags: u8,
    /// All bytes after the fixed header.
    pub body: &'a [u8],
    /// The whole packet as received.
    pub wire: &'a [u8],
}

/// The result of splitting off the first packet of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// The buffer begins with a complete packet.
    Frame(Frame<'a>),
    /// The packet is incomplete: more bytes are needed.
    Incomplete {
        /// The size of the whole packet in bytes; `None` until the fixed header is complete. Never above the size
        /// limit.
        size: Option<usize>,
    },
}

/// Splits off the first packet. The flags of the fixed header, the encoding of the length and the size are checked as
/// soon as their bytes were received. `packet_size_max` limits the size of the whole packet in bytes, including the
/// fixed header. The function never allocates memory.
///
/// # Errors
/// Returns an error if the fixed header is invalid or the packet is larger than `packet_size_max`.
#[inline(always)]
pub fn next(bytes: &[u8], version: ProtocolVersion, packet_size_max: u32) -> Result<Next<'_>, DecodeError> {
    split_frame(bytes, version, packet_size_max).map_err(|fault| DecodeError::new(fault, version))
}

/// Like [`next`], but for the first packet of a client, whose version is not known yet. Any packet other than CONNECT
/// is refused as soon as its first byte was received `[MQTT5-3.1.0-1]` `[MQTT3-3.1.0-1]`.
///
/// # Errors
/// Returns an error in the same cases as [`next`], and if the packet is not a CONNECT.
pub fn first(bytes: &[u8], packet_size_max: u32) -> Result<Next<'_>, DecodeError> {
    // MQTT 3.1.1 tolerates a padded length. `Connect::decode` refuses it if the packet states version 5.0.
    let version = ProtocolVersion::V3_1_1;
    match bytes.first() {
        Some(byte) if byte >> 4 != PacketType::Connect.value() => {
            Err(DecodeError::new(Fault::NotConnect, version))
        }
        _ => next(bytes, version, packet_size_max),
    }
}

impl Frame<'_> {
    /// Returns whether the length in the fixed header uses more bytes than necessary. Only MQTT 3.x tolerates such a
    /// padded length.
    #[must_use]
    pub const fn is_padded(&self) -> bool {
        self.wire.len() > 1 + variable::size(self.body.len()) + self.body.len()
    }
}

/// Splits off the first packet. The function is always inlined, because returning a frame through memory costs more
/// than splitting it off.
#[inline(always)]
fn split_frame(bytes: &[u8], version: ProtocolVersion, packet_size_max: u32) -> Result<Next<'_>, Fault> {
    let Some((&first, after)) = bytes.split_first() else {
        return Ok(Next::Incomplete { size: None });
    };
    let packet_type = PacketType::from_bits(first >> 4, version).ok_or(Fault::PacketType)?;
    let flags = first & 0x0F;
    packet_type.check_flags(flags, version)?;
    let Some((length, length_size)) = read_length(after, version)? else {
        return Ok(Next::Incomplete { size: None });
    };
    let header_size = 1 + length_size;
    let size = usize::try_from(length).map_err(|_| Fault::PacketTooLarge)? + header_size;
    if size > usize::try_from(packet_size_max).unwrap_or(usize::MAX) {
        return Err(Fault::PacketTooLarge);
    }
    let Some((wire, body)) = bytes.get(..size).and_then(|wire| Some((wire, wire.get(header_size..)?))) else {
        return Ok(Next::Incomplete { size: Some(size) });
    };
    Ok(Next::Frame(Frame { packet_type, flags, body, wire }))
}

/// Returns the remaining length and the size of its encoding in bytes, or `None` while the length is incomplete.
#[inline]
fn read_length(bytes: &[u8], version: ProtocolVersion) -> Result<Option<(u32, usize)>, Fault> {
    match variable::decode(bytes) {
        // [MQTT5-1.5.5-1] has no counterpart in MQTT 3.x.
        Variable::Value { padded: true, .. } if version.is_v5() => Err(Fault::VariableLength),
        Variable::Value { value, size, .. } => Ok(Some((value, size))),
        Variable::Incomplete => Ok(None),
        Variable::TooLong => Err(Fault::VariableLength),
    }
}
