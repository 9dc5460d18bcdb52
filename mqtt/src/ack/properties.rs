//! The properties of an acknowledgement: reason string and user properties. SUBACK and UNSUBACK have the same
//! properties.

use crate::property::{PropertyId, PropertyList, UserProperties};
use crate::writer::Writer;

/// Reason string and user properties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AckProperties {
    /// A text for diagnostics.
    pub reason_string: Option<String>,
    /// The user properties, as pairs of name and value.
    pub user_properties: UserProperties,
}

impl AckProperties {
    /// Converts a property list; `None` if it contains neither a reason string nor a user property.
    pub(crate) fn from_list(list: PropertyList<'_>) -> Option<Box<Self>> {
        let reason_string = list.text(PropertyId::ReasonString);
        let empty = reason_string.is_none() && list.user.is_empty();
        (!empty).then(|| Box::new(Self { reason_string, user_properties: list.user }))
    }

    /// Writes the properties, preceded by their length.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.length_prefixed(|writer| {
            writer.text_property(PropertyId::ReasonString, self.reason_string.as_deref());
            writer.user_properties(&self.user_properties);
        });
    }
}
