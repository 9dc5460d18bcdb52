//! Encodes values to bytes and decodes them. Every read is validated; invalid bytes are an error with a reason.

use rkyv::api::high::{HighSerializer, HighValidator, to_bytes_in};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use rkyv::{Portable, Serialize};
use tidegate_mqtt::property::{PacketContext, Properties};
use tidegate_mqtt::{PacketId, ProtocolVersion, QoS};

/// Holds the encoded bytes of one value at a time; the memory is reused, up to `KEPT_MAX` bytes.
#[derive(Default)]
pub(crate) struct ArchiveBuffer(AlignedVec);

impl ArchiveBuffer {
    /// Encodes `value`. Returns an error if the value is too large for the format.
    pub(super) fn archive(
        &mut self,
        value: &impl for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, Error>>,
    ) -> Result<&[u8], &'static str> {
        let mut bytes = core::mem::take(&mut self.0);
        bytes.clear();
        if bytes.capacity() > KEPT_MAX {
            bytes = AlignedVec::new();
        }
        self.0 = to_bytes_in(value, bytes).map_err(|_| "a record too large for its format")?;
        Ok(&self.0)
    }
}

/// Validates `bytes` and returns the archived value in them.
pub(super) fn access<T>(bytes: &[u8]) -> Result<&T, &'static str>
where
    T: Portable + for<'a> CheckBytes<HighValidator<'a, Error>>,
{
    rkyv::access::<T, Error>(bytes).map_err(|_| "not a valid archive")
}

pub(super) fn parse_qos(value: u8) -> Result<QoS, &'static str> {
    QoS::try_from(value).map_err(|_| "a QoS above 2")
}

pub(super) fn packet_id(value: u16) -> Result<PacketId, &'static str> {
    PacketId::new(value).ok_or("a packet id of 0")
}

/// Checks that a subscription identifier is above 0 and fits into a variable byte integer.
pub(super) fn parse_identifier(value: u32) -> Result<u32, &'static str> {
    if (1..=IDENTIFIER_MAX).contains(&value) {
        Ok(value)
    } else {
        Err("an impossible subscription identifier")
    }
}

/// Checks that the forwardable properties of a message can be sent.
pub(super) fn check_properties(bytes: &[u8]) -> Result<&[u8], &'static str> {
    let fault = "invalid properties";
    let mut scan = Properties::new(bytes, PacketContext::Publish);
    while let Some((id, _)) = scan.try_next().map_err(|_| fault)? {
        if !id.is_forwardable() {
            return Err(fault);
        }
    }
    Ok(bytes)
}

pub(super) fn parse_version(level: u8) -> Result<ProtocolVersion, &'static str> {
    let known = ProtocolVersion::ALL.into_iter().find(|version| version.level() == level);
    known.ok_or("an unknown protocol version")
}

/// Maximum number of bytes for which the buffer keeps its memory: more than almost every record needs.
const KEPT_MAX: usize = 1 << 20;
/// The largest variable byte integer.
const IDENTIFIER_MAX: u32 = 268_435_455;
