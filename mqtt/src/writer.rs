//! Writes primitive fields at the end of a buffer. The writer keeps the first error, so that callers can write all
//! fields and check for an error once.

use crate::error::EncodeError;
use crate::property::PacketContext;
use crate::{ReasonCode, variable};

/// Writes one packet to the end of a buffer.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Length of `out` before the packet.
    start: usize,
    fault: Option<EncodeError>,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, fault: None }
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn variable(&mut self, value: u32) {
        match usize::try_from(value) {
            Ok(small) if value <= variable::MAX => variable::put(small, self.out),
            _ => self.fail(EncodeError::PacketTooLong),
        }
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn binary(&mut self, bytes: &[u8]) {
        match u16::try_from(bytes.len()) {
            Ok(size) => {
                self.u16(size);
                self.raw(bytes);
            }
            Err(_) => self.fail(EncodeError::FieldTooLong),
        }
    }

    /// Writes a text with its length in front `[MQTT5-1.5.4-2]` `[MQTT3-1.5.3-2]`.
    pub(crate) fn text(&mut self, text: &str) {
        if text.as_bytes().contains(&0) {
            self.fail(EncodeError::Nul);
        }
        self.binary(text.as_bytes());
    }

    /// Writes a reason code. A code that may not appear in `context` is an error.
    pub(crate) fn reason(&mut self, reason: ReasonCode, context: PacketContext) {
        if !reason.may_appear_in(context) {
            self.fail(EncodeError::Value("MQTT5-4.13.1-1"));
        }
        self.u8(reason.value());
    }

    /// Writes the bytes that `content` writes, with their length in front as a variable byte integer.
    pub(crate) fn length_prefixed(&mut self, content: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        content(self);
        let size = self.out.len() - start;
        if variable::size(size) > 4 {
            return self.fail(EncodeError::PacketTooLong);
        }
        variable::put(size, self.out);
        let prefix_size = self.out.len() - start - size;
        if let Some(written) = self.out.get_mut(start..) {
            written.rotate_right(prefix_size);
        }
    }

    /// Records an error; only the first error is kept.
    pub(crate) fn fail(&mut self, fault: EncodeError) {
        self.fault.get_or_insert(fault);
    }

    /// Returns the first error, if there was one. In this case, all written bytes are removed again.
    pub(crate) fn finish(self) -> Result<(), EncodeError> {
        match self.fault {
            None => Ok(()),
            Some(fault) => {
                self.out.truncate(self.start);
                Err(fault)
            }
        }
    }
}
