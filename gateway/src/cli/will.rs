//! The will on the command line.

use bytes::Bytes;
use clap::Args;
use tidegate_mqtt::topic;
use tidegate_mqtt::{PublishProperties, QoS, Will};

use super::properties::user_properties;
use super::{Failure, value};

/// The message that the broker publishes if this client vanishes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Will")]
pub struct WillArguments {
    /// Topic of the will; without one there is no will
    #[arg(long, value_name = "TOPIC", value_parser = value::topic)]
    will_topic: Option<topic::Name>,
    /// Payload of the will
    #[arg(long, value_name = "TEXT", value_parser = value::bytes, requires = "will_topic")]
    will_payload: Option<Bytes>,
    /// QoS of the will
    #[arg(long, value_name = "QOS", value_parser = value::qos, default_value = "0")]
    will_qos: QoS,
    /// Retain the will
    #[arg(long, requires = "will_topic")]
    will_retain: bool,
    /// How long the broker waits for the client to come back, in seconds or with a unit (MQTT 5)
    #[arg(long, value_name = "TIME", value_parser = value::seconds, requires = "will_topic")]
    will_delay: Option<u32>,
    /// How long the will is worth delivering, in seconds or with a unit (MQTT 5)
    #[arg(long, value_name = "TIME", value_parser = value::seconds, requires = "will_topic")]
    will_message_expiry: Option<u32>,
    /// Content type of the will (MQTT 5)
    #[arg(long, value_name = "TYPE", requires = "will_topic")]
    will_content_type: Option<String>,
    /// Topic for an answer to the will (MQTT 5)
    #[arg(long, value_name = "TOPIC", value_parser = value::topic, requires = "will_topic")]
    will_response_topic: Option<topic::Name>,
    /// What an answer to the will shall repeat (MQTT 5)
    #[arg(long, value_name = "TEXT", value_parser = value::bytes, requires = "will_topic")]
    will_correlation_data: Option<Bytes>,
    /// Say that the will's payload is UTF-8 text (MQTT 5)
    #[arg(long, requires = "will_topic")]
    will_payload_utf8: bool,
    /// A user property of the will; may be repeated (MQTT 5)
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::pair, requires = "will_topic")]
    will_user_property: Vec<(String, String)>,
}

impl WillArguments {
    /// As it stands in CONNECT.
    pub fn to_will(&self) -> Result<Option<Will>, Failure> {
        let Some(topic) = &self.will_topic else { return Ok(None) };
        let unsendable = |error| Failure::Usage(format!("error: will: {error}"));
        let mut will = Will::new(topic.clone(), self.will_payload.clone().unwrap_or_default(), self.will_qos);
        will.retain = self.will_retain;
        will.delay = self.will_delay.unwrap_or(0);
        will.expiry = self.will_message_expiry;
        will.properties = self.to_properties()?.forwardable().map_err(unsendable)?;
        Ok(Some(will))
    }

    /// Whether it says what only MQTT 5 can say.
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
