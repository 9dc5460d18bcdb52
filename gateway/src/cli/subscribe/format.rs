//! Output formats of `sub`.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tidegate_mqtt::{Publish, PublishProperties};

/// The output format of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The payload unchanged.
    Text,
    /// One JSON object per line.
    Json,
}

/// Prints one message, without a newline.
pub fn print(format: Format, has_topic: bool, message: &Publish, output: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Json => write!(output, "{}", to_json(message)),
        Format::Text => {
            if has_topic {
                write!(output, "{} ", message.topic)?;
            }
            output.write_all(&message.payload)
        }
    }
}

/// Converts a message to JSON. Payloads and correlation data that are not UTF-8 become base64 strings, in fields whose
/// names end with `_base64`.
fn to_json(message: &Publish) -> Value {
    let mut object = Map::new();
    object.insert("topic".to_owned(), json!(message.topic));
    object.insert("qos".to_owned(), json!(message.qos.value()));
    object.insert("retain".to_owned(), json!(message.retain));
    object.insert("dup".to_owned(), json!(message.dup));
    let properties = properties_to_json(&message.properties);
    if !properties.is_empty() {
        object.insert("properties".to_owned(), Value::Object(properties));
    }
    insert_bytes(&mut object, "payload", &message.payload);
    Value::Object(object)
}

fn properties_to_json(properties: &PublishProperties) -> Map<String, Value> {
    let mut object = Map::new();
    let mut insert = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            object.insert(name.to_owned(), value);
        }
    };
    insert("payload_is_text", properties.payload_is_text.map(Value::from));
    insert("message_expiry", properties.expiry.map(Value::from));
    insert("topic_alias", properties.alias.map(Value::from));
    insert("content_type", properties.content_type.clone().map(Value::from));
    insert("response_topic", properties.response_topic.clone().map(Value::from));
    let subscription_identifiers = &properties.subscription_identifiers;
    insert(
        "subscription_identifiers",
        (!subscription_identifiers.is_empty()).then(|| json!(subscription_identifiers)),
    );
    let user: Vec<_> = properties.user_properties.iter().map(|(name, value)| json!([name, value])).collect();
    insert("user_properties", (!user.is_empty()).then_some(Value::Array(user)));
    if let Some(data) = &properties.correlation_data {
        insert_bytes(&mut object, "correlation_data", data);
    }
    object
}

fn insert_bytes(object: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => object.insert(name.to_owned(), json!(text)),
        Err(_) => object.insert(format!("{name}_base64"), json!(STANDARD.encode(bytes))),
    };
}

#[cfg(test)]
mod tests;
