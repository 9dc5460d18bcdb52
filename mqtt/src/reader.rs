//! Reads primitive fields from the front of a packet's body. The reader allocates no memory and checks each length
//! against the number of remaining bytes.

use crate::error::Fault;
use crate::property::PacketContext;
use crate::variable::{self, Variable};
use crate::{PacketId, ReasonCode};

/// The unread bytes of a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline]
    pub(crate) const fn u8(&mut self) -> Result<u8, Fault> {
        let Some((value, rest)) = self.rest.split_first() else {
            return Err(Fault::Truncated);
        };
        self.rest = rest;
        Ok(*value)
    }

    #[inline]
    pub(crate) const fn u16(&mut self) -> Result<u16, Fault> {
        let Some((value, rest)) = self.rest.split_first_chunk() else {
            return Err(Fault::Truncated);
        };
        self.rest = rest;
        Ok(u16::from_be_bytes(*value))
    }

    #[inline]
    pub(crate) const fn u32(&mut self) -> Result<u32, Fault> {
        let Some((value, rest)) = self.rest.split_first_chunk() else {
            return Err(Fault::Truncated);
        };
        self.rest = rest;
        Ok(u32::from_be_bytes(*value))
    }

    /// Reads a variable byte integer `[MQTT5-1.5.5-1]`.
    #[inline]
    pub(crate) fn variable(&mut self) -> Result<u32, Fault> {
        match variable::decode(self.rest) {
            Variable::Value { value, size, padded: false } => {
                self.rest = self.rest.get(size..).unwrap_or_default();
                Ok(value)
            }
            Variable::Incomplete => Err(Fault::Truncated),
            Variable::Value { .. } | Variable::TooLong => Err(Fault::VariableLength),
        }
    }

    /// Reads a packet identifier `[MQTT5-2.2.1-3]` `[MQTT3-2.3.1-1]`.
    #[inline]
    pub(crate) fn packet_id(&mut self) -> Result<PacketId, Fault> {
        PacketId::new(self.u16()?).ok_or(Fault::PacketIdZero)
    }

    /// Reads a reason code. Returns a fault if the code may not appear in `context`.
    pub(crate) fn reason(&mut self, context: PacketContext) -> Result<ReasonCode, Fault> {
        let reason = ReasonCode::try_from(self.u8()?).map_err(|_| Fault::ReasonCode)?;
        if reason.may_appear_in(context) { Ok(reason) } else { Err(Fault::ReasonCode) }
    }

    /// Reads binary data: a length of two bytes, then the data.
    #[inline]
    pub(crate) fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let size = self.u16()?;
        self.take(usize::from(size))
    }

    /// Reads a text: binary data that is valid UTF-8 without U+0000.
    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        crate::text::parse(self.binary()?)
    }

    /// Reads a property section: its length in bytes, then the properties.
    #[inline]
    pub(crate) fn section(&mut self) -> Result<&'a [u8], Fault> {
        let size = self.variable()?;
        self.take(usize::try_from(size).map_err(|_| Fault::Truncated)?)
    }

    /// Returns all unread bytes.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns a fault if unread bytes are left.
    pub(crate) const fn finish(&self) -> Result<(), Fault> {
        if self.rest.is_empty() { Ok(()) } else { Err(Fault::TrailingBytes) }
    }

    #[inline]
    fn take(&mut self, size: usize) -> Result<&'a [u8], Fault> {
        let Some((taken, rest)) = self.rest.split_at_checked(size) else {
            return Err(Fault::Truncated);
        };
        self.rest = rest;
        Ok(taken)
    }
}
