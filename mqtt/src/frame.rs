//! Splits a byte stream into packets. Checks the fixed header (flags, length, size limit), but not the contents.

mod packet_type;
#[cfg(test)]
mod tests;

pub use packet_type::PacketType;

use crate::ProtocolVersion;
use crate::error::{DecodeError, Fault};
use crate::variable::{self, Variable};

/// The largest possible packet: five bytes of fixed header and 268,435,455 more.
pub const PACKET_SIZE_MAX: u32 = 268_435_460;

/// A complete packet whose contents are not checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The packet type.
    pub packet_type: PacketType,
    /// The low four bits of the first byte.
    pub flags: u8,
    /// Everything after the fixed header.
    pub body: &'a [u8],
    /// The whole packet as received.
    pub wire: &'a [u8],
}

/// The result of looking for a packet at the beginning of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// A complete packet.
    Frame(Frame<'a>),
    /// More bytes are needed.
    Incomplete {
        /// The size of the whole packet, once its header is complete. Never above the size limit.
        size: Option<usize>,
    },
}

/// Splits off the first packet. The flags of the fixed header, the encoding of the length and the size are checked as
/// soon as their bytes have arrived. `packet_size_max` limits the whole packet, including the fixed header. Never
/// allocates.
///
/// # Errors
/// Returns an error when the fixed header is invalid or the packet is larger than `packet_size_max`.
#[inline(always)]
pub fn next(bytes: &[u8], version: ProtocolVersion, packet_size_max: u32) -> Result<Next<'_>, DecodeError> {
    cut(bytes, version, packet_size_max).map_err(|fault| DecodeError::new(fault, version))
}

/// Like [`next`], for the first packet of a client, when its version is not known yet. Any other packet than CONNECT is
/// refused as soon as its first byte has arrived `[MQTT5-3.1.0-1]` `[MQTT3-3.1.0-1]`.
///
/// # Errors
/// As [`next`], and when the packet is not a CONNECT.
pub fn first(bytes: &[u8], packet_size_max: u32) -> Result<Next<'_>, DecodeError> {
    // 3.1.1 tolerates a padded length. `Connect::decode` refuses it when the packet turns out to be 5.0.
    let version = ProtocolVersion::V3_1_1;
    match bytes.first() {
        Some(byte) if byte >> 4 != PacketType::Connect.value() => {
            Err(DecodeError::new(Fault::NotConnect, version))
        }
        _ => next(bytes, version, packet_size_max),
    }
}

impl Frame<'_> {
    /// True when the length in the fixed header uses more bytes than it needs. Only 3.x tolerates this.
    #[must_use]
    pub const fn is_padded(&self) -> bool {
        self.wire.len() > 1 + variable::size(self.body.len()) + self.body.len()
    }
}

/// Always inlined: returning a frame through memory costs more than splitting it off.
#[inline(always)]
fn cut(bytes: &[u8], version: ProtocolVersion, packet_size_max: u32) -> Result<Next<'_>, Fault> {
    let Some((&first, after)) = bytes.split_first() else {
        return Ok(Next::Incomplete { size: None });
    };
    let packet_type = PacketType::of(first >> 4, version).ok_or(Fault::PacketType)?;
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

/// The remaining length and its size in bytes, or `None` while it is incomplete.
#[inline]
fn read_length(bytes: &[u8], version: ProtocolVersion) -> Result<Option<(u32, usize)>, Fault> {
    match variable::decode(bytes) {
        // [MQTT5-1.5.5-1] has no counterpart in 3.x.
        Variable::Value { padded: true, .. } if version.is_v5() => Err(Fault::VariableLength),
        Variable::Value { value, size, .. } => Ok(Some((value, size))),
        Variable::Incomplete => Ok(None),
        Variable::TooLong => Err(Fault::VariableLength),
    }
}
