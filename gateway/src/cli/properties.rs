//! The arguments for message properties.

use bytes::Bytes;
use clap::Args;
use tidegate_mqtt::topic;
use tidegate_mqtt::{PublishProperties, UserProperties};

use super::{Failure, value};

/// The properties of a message (MQTT 5 only).
#[derive(Debug, Args)]
#[command(next_help_heading = "Message properties (MQTT 5)")]
pub struct MessageProperties {
    /// Content type, such as application/json
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Topic for responses
    #[arg(long, value_name = "TOPIC", value_parser = value::parse_topic)]
    response_topic: Option<topic::Name>,
    /// Correlation data for responses
    #[arg(long, value_name = "TEXT", value_parser = value::parse_bytes)]
    correlation_data: Option<Bytes>,
    /// Message expiry interval, in seconds or with a unit such as 10m
    #[arg(long, value_name = "TIME", value_parser = value::parse_seconds)]
    message_expiry: Option<u32>,
    /// Mark the payload as UTF-8 text
    #[arg(long)]
    payload_utf8: bool,
    /// User property; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::parse_pair)]
    user_property: Vec<(String, String)>,
    /// Topic alias, which replaces the topic from the second message on
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    topic_alias: Option<u16>,
}

impl MessageProperties {
    /// Returns the properties for PUBLISH.
    pub fn to_properties(&self) -> Result<PublishProperties, Failure> {
        Ok(PublishProperties {
            payload_is_text: self.payload_utf8.then_some(true),
            expiry: self.message_expiry,
            alias: self.topic_alias,
            response_topic: self.response_topic.as_ref().map(|topic| topic.to_string()),
            correlation_data: self.correlation_data.clone(),
            user_properties: user_properties(&self.user_property)?,
            subscription_identifiers: Vec::new(),
            content_type: self.content_type.clone(),
        })
    }

    /// Whether any property is set.
    pub fn is_used(&self) -> Result<bool, Failure> {
        Ok(self.to_properties()? != PublishProperties::default())
    }
}

/// Converts name-value pairs, keeping their order.
pub fn user_properties(pairs: &[(String, String)]) -> Result<UserProperties, Failure> {
    let mut properties = UserProperties::new();
    for (name, value) in pairs {
        if !properties.push(name, value) {
            return Err(Failure::Usage(format!(
                "error: user property `{name}` is too long or contains U+0000"
            )));
        }
    }
    Ok(properties)
}
