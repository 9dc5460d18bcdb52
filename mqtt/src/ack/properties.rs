//! What an acknowledgement may explain: a reason string and user properties. SUBACK and UNSUBACK have the same.

use crate::property::{PropertyId, PropertyList, UserProperties};
use crate::writer::Writer;

/// Reason string and user properties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AckProperties {
    /// A sentence for diagnosis.
    pub reason_string: Option<String>,
    /// Name and value pairs.
    pub user_properties: UserProperties,
}

impl AckProperties {
    /// `None` where there is neither.
    pub(crate) fn of(list: PropertyList<'_>) -> Option<Box<Self>> {
        let reason_string = list.text(PropertyId::ReasonString);
        let empty = reason_string.is_none() && list.user.is_empty();
        (!empty).then(|| Box::new(Self { reason_string, user_properties: list.user }))
    }

    /// The section with its length.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.measured(|writer| {
            writer.text_property(PropertyId::ReasonString, self.reason_string.as_deref());
            writer.user_properties(&self.user_properties);
        });
    }
}
