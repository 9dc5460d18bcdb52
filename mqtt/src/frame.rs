//! Cuts packets off a byte stream: the fixed header with its flags, its length and the size limit. Not: what is inside.

mod packet_type;
#[cfg(test)]
mod tests;

pub use packet_type::PacketType;

use crate::ProtocolVersion;
use crate::error::{DecodeError, Fault};
use crate::variable::{self, Variable};

/// The largest packet there can be: five bytes of fixed header and 268,435,455 more.
pub const PACKET_SIZE_MAX: u32 = 268_435_460;

/// One whole packet, not looked into yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The packet type.
    pub packet_type: PacketType,
    /// The low four bits of the first byte.
    pub flags: u8,
    /// All after the fixed header.
    pub body: &'a [u8],
    /// The packet as received.
    pub wire: &'a [u8],
}

/// What stands at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// A whole packet.
    Frame(Frame<'a>),
    /// More bytes are needed.
    Incomplete {
        /// How many the whole packet has, once its header is there. Never above the size limit.
        size: Option<usize>,
    },
}

/// Cuts the first frame off. The flags of the fixed header, the encoding of the length and the size are checked here, each as soon
/// as its bytes are there. `packet_size_max` counts the whole packet, fixed header included. Never allocates.
///
/// # Errors
/// When the fixed header is wrong or the packet larger than `packet_size_max`.
#[inline(always)]
pub fn next(bytes: &[u8], version: ProtocolVersion, packet_size_max: u32) -> Result<Next<'_>, DecodeError> {
    cut(bytes, version, packet_size_max).map_err(|fault| DecodeError::new(fault, version))
}

/// [`next`] for the first packet of a client, before its version is known. Anything but CONNECT is refused with its
/// first byte `[MQTT5-3.1.0-1]` `[MQTT3-3.1.0-1]`.
///
/// # Errors
/// As [`next`], and when the packet is not a CONNECT.
pub fn first(bytes: &[u8], packet_size_max: u32) -> Result<Next<'_>, DecodeError> {
    // 3.1.1 is the more lenient about a padded length; `Connect::decode` makes up for it.
    let version = ProtocolVersion::V3_1_1;
    match bytes.first() {
        Some(byte) if byte >> 4 != PacketType::Connect.value() => {
            Err(DecodeError::new(Fault::NotConnect, version))
        }
        _ => next(bytes, version, packet_size_max),
    }
}

impl Frame<'_> {
    /// True when the length in the fixed header takes more bytes than it needs, which only 3.x tolerates.
    #[must_use]
    pub const fn is_padded(&self) -> bool {
        self.wire.len() > 1 + variable::size(self.body.len()) + self.body.len()
    }
}

/// Always inlined: a frame handed over through memory costs more than cutting it.
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

/// The remaining length and the bytes it takes; `None` while it is not there yet.
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
