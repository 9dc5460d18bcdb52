//! Iterates over the properties of one packet and checks each of them against the table. The iterator stores no
//! property.

use super::{PacketContext, PropertyId, Value};
use crate::error::Fault;
use crate::reader::Reader;

/// The properties of one packet in their order. Each property is checked when it is read.
#[derive(Debug, Clone)]
pub struct Properties<'a> {
    reader: Reader<'a>,
    context: PacketContext,
    /// One bit for each property identifier that was read.
    ids_read: u64,
}

impl<'a> Properties<'a> {
    /// Creates an iterator over the properties in `bytes`, which has no length in front. The properties are checked by
    /// the rules for `context`.
    #[must_use]
    pub const fn new(bytes: &'a [u8], context: PacketContext) -> Self {
        Self { reader: Reader::new(bytes), context, ids_read: 0 }
    }

    /// Returns the bytes that have not been read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// Reads the next property. Returns `None` at the end of the properties.
    ///
    /// # Errors
    /// Returns an error if the property is unknown, not allowed in this context, repeated although it may appear only
    /// once, truncated, or has a value that is not allowed.
    pub fn try_next(&mut self) -> Result<Option<(PropertyId, Value<'a>)>, Fault> {
        if self.reader.is_empty() {
            return Ok(None);
        }
        let id = PropertyId::from_value(self.reader.variable()?).ok_or(Fault::PropertyUnknown)?;
        let spec = id.spec();
        if !spec.may_appear_in(self.context) {
            return Err(Fault::PropertyMisplaced);
        }
        let bit = 1 << id.value();
        if self.ids_read & bit != 0 && !spec.may_repeat_in(self.context) {
            return Err(Fault::PropertyRepeated);
        }
        self.ids_read |= bit;
        let value = Value::read(spec.wire_type, &mut self.reader)?;
        spec.allowed_values.check(value)?;
        Ok(Some((id, value)))
    }
}

/// Iterates up to the first fault. Use the iterator only for bytes that were checked before.
impl<'a> Iterator for Properties<'a> {
    type Item = (PropertyId, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.try_next().ok().flatten()
    }
}

/// Checks that `bytes` contains only properties that a PUBLISH may carry to every receiver.
pub(crate) fn check_forwardable(bytes: &[u8]) -> Result<(), Fault> {
    let mut scan = Properties::new(bytes, PacketContext::Publish);
    while let Some((id, _)) = scan.try_next()? {
        if !id.is_forwardable() {
            return Err(Fault::PropertyMisplaced);
        }
    }
    Ok(())
}
