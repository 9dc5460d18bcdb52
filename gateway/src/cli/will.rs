//! The arguments for the will message.

use bytes::Bytes;
use clap::Args;
use tidegate_mqtt::topic;
use tidegate_mqtt::{PublishProperties, QoS, Will};

use super::properties::user_properties;
use super::{Failure, value};

/// The message that the broker publishes if this client disconnects unexpectedly.
#[derive(Debug, Args)]
#[command(next_help_heading = "Will")]
pub struct WillArguments {
    /// Topic of the will message; required for the other will options
    #[arg(long, value_name = "TOPIC", value_parser = value::parse_topic)]
    will_topic: Option<topic::Name>,
    /// Payload of the will message
    #[arg(long, value_name = "TEXT", value_parser = value::parse_bytes, requires = "will_topic")]
    will_payload: Option<Bytes>,
    /// QoS of the will message
    #[arg(long, value_name = "QOS", value_parser = value::parse_qos, default_value = "0")]
    will_qos: QoS,
    /// Retain the will message
    #[arg(long, requires = "will_topic")]
    will_retain: bool,
    /// How long the broker waits before it publishes the will message, in seconds or with a unit (MQTT 5)
    #[arg(long, value_name = "TIME", value_parser = value::parse_seconds, requires = "will_topic")]
    will_delay: Option<u32>,
    /// Message expiry interval of the will message, in seconds or with a unit (MQTT 5)
    #[arg(long, value_name = "TIME", value_parser = value::parse_seconds, requires = "will_topic")]
    will_message_expiry: Option<u32>,
    /// Content type of the will message (MQTT 5)
    #[arg(long, value_name = "TYPE", requires = "will_topic")]
    will_content_type: Option<String>,
    /// Topic for responses to the will message (MQTT 5)
    #[arg(long, value_name = "TOPIC", value_parser = value::parse_topic, requires = "will_topic")]
    will_response_topic: Option<topic::Name>,
    /// Correlation data for responses to the will message (MQTT 5)
    #[arg(long, value_name = "TEXT", value_parser = value::parse_bytes, requires = "will_topic")]
    will_correlation_data: Option<Bytes>,
    /// Mark the will's payload as UTF-8 text (MQTT 5)
    #[arg(long, requires = "will_topic")]
    will_payload_utf8: bool,
    /// User property of the will message; may be repeated (MQTT 5)
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::parse_pair, requires = "will_topic")]
    will_user_property: Vec<(String, String)>,
}

impl WillArguments {
    /// Returns the will for CONNECT.
    pub fn to_will(&self) -> Result<Option<Will>, Failure> {
        let Some(topic) = &self.will_topic else { return Ok(None) };
        let unsendable = |error| Failure::Usage(format!("error: the will cannot be sent: {error}"));
        let mut will = Will::new(topic.clone(), self.will_payload.clone().unwrap_or_default(), self.will_qos);
        will.retain = self.will_retain;
        will.delay = self.will_delay.unwrap_or(0);
        will.expiry = self.will_message_expiry;
        will.properties = self.to_properties()?.forwardable().map_err(unsendable)?;
        Ok(Some(will))
    }

    /// Whether the will uses options that only MQTT 5 has.
    pub fn is_v5_only(&self) -> Result<bool, Failure> {
        let has_times = self.will_delay.is_some() || self.will_message_expiry.is_some();
        Ok(has_times || self.to_properties()? != PublishProperties::default())
    }

    fn to_properties(&self) -> Result<PublishProperties, Failure> {
        Ok(PublishProperties {
            payload_is_text: self.will_payload_utf8.then_some(true),
            response_topic: self.will_response_topic.as_ref().map(|topic| topic.to_string()),
            correlation_data: self.will_correlation_data.clone(),
            content_type: self.will_content_type.clone(),
            user_properties: user_properties(&self.will_user_property)?,
            ..PublishProperties::default()
        })
    }
}
