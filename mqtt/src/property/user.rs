//! User properties, stored in wire form, so that they use no more memory than their bytes.

use std::fmt;

use super::{PacketContext, Properties, PropertyId, Value};

/// The user properties of one packet, in their order.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UserProperties {
    wire: Vec<u8>,
}

impl UserProperties {
    /// Creates an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { wire: Vec::new() }
    }

    /// Appends a property. Returns false, and appends nothing, if name or value is longer than 65,535 bytes or
    /// contains U+0000.
    pub fn push(&mut self, name: &str, value: &str) -> bool {
        let (Ok(name_size), Ok(value_size)) = (u16::try_from(name.len()), u16::try_from(value.len())) else {
            return false;
        };
        if name.contains('\0') || value.contains('\0') {
            return false;
        }
        self.wire.push(PropertyId::UserProperty.value());
        self.wire.extend_from_slice(&name_size.to_be_bytes());
        self.wire.extend_from_slice(name.as_bytes());
        self.wire.extend_from_slice(&value_size.to_be_bytes());
        self.wire.extend_from_slice(value.as_bytes());
        true
    }

    /// Returns whether there are no user properties.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    /// Removes all user properties.
    pub fn clear(&mut self) {
        self.wire = Vec::new();
    }

    /// Returns the names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        Properties::new(&self.wire, PacketContext::Publish).filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name, value)),
            _ => None,
        })
    }

    /// Returns the wire form of all user properties, without a length in front.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Appends a property in wire form. The caller must have checked the bytes before.
    pub(crate) fn push_wire(&mut self, property: &[u8]) {
        self.wire.extend_from_slice(property);
    }
}

impl fmt::Debug for UserProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
