//! Property values: their wire types, the values themselves, and the allowed values.

use crate::error::Fault;
use crate::reader::Reader;

/// The wire type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireType {
    /// One byte.
    Byte,
    /// A two-byte integer.
    TwoByte,
    /// A four-byte integer.
    FourByte,
    /// A variable byte integer.
    Variable,
    /// A UTF-8 string.
    Text,
    /// Binary data.
    Binary,
    /// Two UTF-8 strings, name and value.
    Pair,
}

/// The value of a property, borrowed from the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// An integer of one, two, four or a variable number of bytes.
    Number(u32),
    /// A string.
    Text(&'a str),
    /// Binary data.
    Binary(&'a [u8]),
    /// Name and value.
    Pair(&'a str, &'a str),
}

/// The values that a property of a certain wire type may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedValues {
    /// All values.
    Any,
    /// 0 and 1.
    Flag,
    /// All values except 0.
    NonZero,
    /// All values except 0, as for [`AllowedValues::NonZero`], but a value of 0 has a separate reason code.
    Alias,
    /// A valid topic name.
    TopicName,
}

impl<'a> Value<'a> {
    pub(super) fn read(wire_type: WireType, reader: &mut Reader<'a>) -> Result<Self, Fault> {
        match wire_type {
            WireType::Byte => reader.u8().map(|value| Self::Number(u32::from(value))),
            WireType::TwoByte => reader.u16().map(|value| Self::Number(u32::from(value))),
            WireType::FourByte => reader.u32().map(Self::Number),
            WireType::Variable => reader.variable().map(Self::Number),
            WireType::Text => reader.text().map(Self::Text),
            WireType::Binary => reader.binary().map(Self::Binary),
            WireType::Pair => read_pair(reader),
        }
    }
}

impl AllowedValues {
    pub(super) fn check(self, value: Value<'_>) -> Result<(), Fault> {
        match (self, value) {
            (Self::Flag, Value::Number(2..)) | (Self::NonZero, Value::Number(0)) => Err(Fault::PropertyValue),
            (Self::Alias, Value::Number(0)) => Err(Fault::AliasZero),
            (Self::TopicName, Value::Text(text)) if !crate::topic::is_valid_name(text) => {
                Err(Fault::ResponseTopic)
            }
            _ => Ok(()),
        }
    }
}

/// Reads a pair of strings `[MQTT5-1.5.7-1]`.
fn read_pair<'a>(reader: &mut Reader<'a>) -> Result<Value<'a>, Fault> {
    let (name, value) = (reader.binary()?, reader.binary()?);
    match (crate::text::parse(name), crate::text::parse(value)) {
        (Ok(name), Ok(value)) => Ok(Value::Pair(name, value)),
        _ => Err(Fault::UserPropertyText),
    }
}
