//! Writes the properties that have a value. Properties without a value are omitted.

use super::{PropertyId, UserProperties};
use crate::error::EncodeError;
use crate::writer::Writer;

impl Writer<'_> {
    pub(crate) fn flag_property(&mut self, id: PropertyId, value: Option<bool>) {
        if let Some(value) = value {
            self.u8(id.value());
            self.u8(u8::from(value));
        }
    }

    pub(crate) fn u16_property(&mut self, id: PropertyId, value: Option<u16>) {
        if let Some(value) = value {
            self.check_allowed(id, u32::from(value));
            self.u8(id.value());
            self.u16(value);
        }
    }

    pub(crate) fn u32_property(&mut self, id: PropertyId, value: Option<u32>) {
        if let Some(value) = value {
            self.check_allowed(id, value);
            self.u8(id.value());
            self.u32(value);
        }
    }

    pub(crate) fn variable_property(&mut self, id: PropertyId, value: Option<u32>) {
        if let Some(value) = value {
            self.check_allowed(id, value);
            self.u8(id.value());
            self.variable(value);
        }
    }

    pub(crate) fn text_property(&mut self, id: PropertyId, value: Option<&str>) {
        if let Some(value) = value {
            self.u8(id.value());
            self.text(value);
        }
    }

    pub(crate) fn binary_property(&mut self, id: PropertyId, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.u8(id.value());
            self.binary(value);
        }
    }

    pub(crate) fn user_properties(&mut self, properties: &UserProperties) {
        self.raw(properties.wire());
    }

    /// Writes authentication method and data. Authentication data without a method is an error `[MQTT5-4.12.0-5]`.
    pub(crate) fn authentication(&mut self, method: Option<&str>, data: Option<&[u8]>) {
        if data.is_some() && method.is_none() {
            self.fail(EncodeError::Value("MQTT5-4.12.0-5"));
        }
        self.text_property(PropertyId::AuthenticationMethod, method);
        self.binary_property(PropertyId::AuthenticationData, data);
    }

    fn check_allowed(&mut self, id: PropertyId, value: u32) {
        if id.spec().allowed_values.check(super::Value::Number(value)).is_err() {
            self.fail(EncodeError::Value("MQTT5-4.13.1-1"));
        }
    }
}
