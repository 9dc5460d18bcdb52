//! MQTT 5.0 properties: their identifiers, their data types, and the server packets that may contain them.

use super::read::PacketType;
use super::reader::Reader;
use super::write::{length_prefixed, variable_byte_integer};

mod id;

pub(crate) use id::*;

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Number(u32),
    Text(String),
    Binary(Vec<u8>),
    Pair(String, String),
}

/// The properties of a packet, in the order in which they are encoded: identifier and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Properties(pub(crate) Vec<(u8, Value)>);

impl Properties {
    pub(crate) fn number(mut self, id: u8, value: u32) -> Self {
        self.0.push((id, Value::Number(value)));
        self
    }

    pub(crate) fn text(mut self, id: u8, value: &str) -> Self {
        self.0.push((id, Value::Text(value.to_owned())));
        self
    }

    pub(crate) fn binary(mut self, id: u8, value: &[u8]) -> Self {
        self.0.push((id, Value::Binary(value.to_vec())));
        self
    }

    pub(crate) fn user(mut self, name: &str, value: &str) -> Self {
        self.0.push((USER_PROPERTY, Value::Pair(name.to_owned(), value.to_owned())));
        self
    }

    pub(crate) fn get(&self, id: u8) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, value)| value)
    }

    pub(crate) fn has(&self, id: u8) -> bool {
        self.get(id).is_some()
    }

    pub(crate) fn get_number(&self, id: u8) -> Option<u32> {
        self.numbers(id).first().copied()
    }

    pub(crate) fn numbers(&self, id: u8) -> Vec<u32> {
        let of_id = self.0.iter().filter(|(known, _)| *known == id);
        of_id.filter_map(|(_, value)| if let Value::Number(n) = value { Some(*n) } else { None }).collect()
    }

    pub(crate) fn get_text(&self, id: u8) -> Option<&str> {
        if let Some(Value::Text(text)) = self.get(id) { Some(text) } else { None }
    }

    pub(crate) fn get_binary(&self, id: u8) -> Option<&[u8]> {
        if let Some(Value::Binary(bytes)) = self.get(id) { Some(bytes) } else { None }
    }

    /// Returns the names and values of the user properties, in the order of the packet.
    pub(crate) fn user_properties(&self) -> Vec<(&str, &str)> {
        let pairs = self.0.iter().filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name.as_str(), value.as_str())),
            Value::Number(_) | Value::Text(_) | Value::Binary(_) => None,
        });
        pairs.collect()
    }

    /// Encodes the properties, preceded by their length.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (id, value) in &self.0 {
            body.push(*id);
            match (data_type(*id), value) {
                (Some(DataType::Byte), Value::Number(n)) => body.push(u8::try_from(*n).expect("a byte")),
                (Some(DataType::TwoByteInteger), Value::Number(n)) => {
                    body.extend(u16::try_from(*n).expect("two bytes").to_be_bytes());
                }
                (Some(DataType::VariableByteInteger), Value::Number(n)) => {
                    body.extend(variable_byte_integer(*n))
                }
                (_, Value::Number(n)) => body.extend(n.to_be_bytes()),
                (_, Value::Text(value)) => body.extend(length_prefixed(value.as_bytes())),
                (_, Value::Binary(value)) => body.extend(length_prefixed(value)),
                (_, Value::Pair(name, value)) => {
                    body.extend(length_prefixed(name.as_bytes()));
                    body.extend(length_prefixed(value.as_bytes()));
                }
            }
        }
        let mut all = variable_byte_integer(u32::try_from(body.len()).expect("a length"));
        all.append(&mut body);
        all
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DataType {
    Byte,
    TwoByteInteger,
    FourByteInteger,
    VariableByteInteger,
    Text,
    Binary,
    Pair,
}

fn data_type(id: u8) -> Option<DataType> {
    Some(match id {
        0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => DataType::Byte,
        0x13 | 0x21 | 0x22 | 0x23 => DataType::TwoByteInteger,
        0x02 | 0x11 | 0x18 | 0x27 => DataType::FourByteInteger,
        0x0B => DataType::VariableByteInteger,
        0x03 | 0x08 | 0x12 | 0x15 | 0x1A | 0x1C | 0x1F => DataType::Text,
        0x09 | 0x16 => DataType::Binary,
        0x26 => DataType::Pair,
        _ => return None,
    })
}

/// Returns whether a server may send the property in a packet of that type, as section 2.2.2.2 of the standard lists
/// them.
fn is_allowed(id: u8, packet_type: PacketType) -> bool {
    let listed: &[u8] = match packet_type {
        PacketType::ConnAck => &[
            0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29,
            0x2A,
        ],
        PacketType::Publish => &[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26],
        PacketType::Disconnect => &[0x1C, 0x1F, 0x26],
        PacketType::Auth => &[0x15, 0x16, 0x1F, 0x26],
        PacketType::PingResp => &[],
        _ => &[0x1F, 0x26],
    };
    listed.contains(&id)
}

/// Reads the properties of a packet from a server.
pub(super) fn read(reader: &mut Reader<'_>, packet_type: PacketType) -> Result<Properties, String> {
    let len = reader.variable_byte_integer()?;
    let mut inner = reader.section(usize::try_from(len).expect("a length"))?;
    let mut properties = Properties::default();
    while !inner.is_empty() {
        let id = inner.byte()?;
        let data_type = data_type(id).ok_or_else(|| format!("an unknown property {id:#04x}"))?;
        let value = read_value(&mut inner, data_type)?;
        check(id, packet_type, &properties)?;
        check_value(id, &value)?;
        properties.0.push((id, value));
    }
    Ok(properties)
}

fn check(id: u8, packet_type: PacketType, former: &Properties) -> Result<(), String> {
    let repeats = id == USER_PROPERTY || id == SUBSCRIPTION_ID;
    match (is_allowed(id, packet_type), former.has(id) && !repeats) {
        (false, _) => Err(format!("the property {id:#04x}, which is not allowed in {packet_type:?}")),
        (true, true) => Err(format!("the property {id:#04x} twice in {packet_type:?}")),
        (true, false) => Ok(()),
    }
}

/// Checks the value of a property against the rules that the standard gives for that property.
fn check_value(id: u8, value: &Value) -> Result<(), String> {
    let bad = match (id, value) {
        (SUBSCRIPTION_ID | RECEIVE_MAXIMUM | TOPIC_ALIAS | MAXIMUM_PACKET_SIZE, Value::Number(0)) => true,
        (0x01 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A, Value::Number(number)) => *number > 1,
        (RESPONSE_TOPIC, Value::Text(topic)) => topic.is_empty() || topic.contains(['+', '#']),
        _ => false,
    };
    if bad { Err(format!("the property {id:#04x} with the invalid value {value:?}")) } else { Ok(()) }
}

fn read_value(reader: &mut Reader<'_>, data_type: DataType) -> Result<Value, String> {
    match data_type {
        DataType::Byte => reader.byte().map(|value| Value::Number(value.into())),
        DataType::TwoByteInteger => reader.two_byte_integer().map(|value| Value::Number(value.into())),
        DataType::FourByteInteger => reader.four_byte_integer().map(Value::Number),
        DataType::VariableByteInteger => reader.variable_byte_integer().map(Value::Number),
        DataType::Text => reader.string().map(Value::Text),
        DataType::Binary => reader.binary().map(Value::Binary),
        DataType::Pair => Ok(Value::Pair(reader.string()?, reader.string()?)),
    }
}
