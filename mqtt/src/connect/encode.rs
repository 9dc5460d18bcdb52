//! Encodes CONNECT.

use super::Connect;
use super::decode::{
    CLEAN_START_FLAG, PASSWORD_FLAG, USER_NAME_FLAG, WILL_FLAG, WILL_QOS_SHIFT, WILL_RETAIN_FLAG,
};
use crate::error::EncodeError;
use crate::property::PropertyId;
use crate::writer::Writer;

impl Connect {
    /// Writes all fields after the fixed header, in the version that the packet states.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self.version.protocol_name());
        writer.u8(self.version.level());
        writer.u8(self.flags());
        writer.u16(self.keep_alive);
        if self.version.is_v5() {
            writer.length_prefixed(|writer| self.write_properties(writer));
        }
        writer.text(&self.client_id);
        if let Some(will) = &self.will {
            will.write(self.version, writer);
        }
        if let Some(user_name) = &self.user_name {
            writer.text(user_name);
        }
        if let Some(password) = &self.password {
            writer.binary(password);
            // [MQTT3-3.1.2-22]
            if !self.version.is_v5() && self.user_name.is_none() {
                writer.fail(EncodeError::Value("MQTT3-3.1.2-22"));
            }
        }
    }

    fn write_properties(&self, writer: &mut Writer<'_>) {
        writer.u32_property(PropertyId::SessionExpiryInterval, self.session_expiry);
        writer.u16_property(PropertyId::ReceiveMaximum, self.receive_maximum);
        writer.u32_property(PropertyId::MaximumPacketSize, self.packet_size_max);
        writer.u16_property(PropertyId::TopicAliasMaximum, self.topic_alias_maximum);
        let response = Some(true).filter(|_| self.request_response_information);
        writer.flag_property(PropertyId::RequestResponseInformation, response);
        let no_problem = Some(false).filter(|_| !self.request_problem_information);
        writer.flag_property(PropertyId::RequestProblemInformation, no_problem);
        writer.authentication(self.authentication_method.as_deref(), self.authentication_data.as_deref());
        writer.user_properties(&self.user_properties);
    }

    fn flags(&self) -> u8 {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let will = self.will.as_ref().map_or(0, |will| {
            WILL_FLAG | will.qos.value() << WILL_QOS_SHIFT | bit(will.retain, WILL_RETAIN_FLAG)
        });
        let credentials =
            bit(self.user_name.is_some(), USER_NAME_FLAG) | bit(self.password.is_some(), PASSWORD_FLAG);
        bit(self.clean_start, CLEAN_START_FLAG) | will | credentials
    }
}
