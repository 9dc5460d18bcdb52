//! SUBSCRIBE: topic filters with their options. A text that is not a valid filter is kept, so that SUBACK can refuse
//! this filter and accept the others.

mod filter;
mod options;
#[cfg(test)]
mod tests;

pub use filter::InvalidFilter;
pub(crate) use filter::{read as read_filter, write as write_filter};
pub use options::{RetainHandling, SubscriptionOptions};

use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, PropertyId, PropertyList, UserProperties};
use crate::reader::Reader;
use crate::topic::SubscriptionFilter;
use crate::writer::Writer;
use crate::{PacketId, ProtocolVersion};

/// A SUBSCRIBE packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// The packet identifier, which SUBACK repeats.
    pub packet_id: PacketId,
    /// The subscription identifier, 1 to 268,435,455.
    pub identifier: Option<u32>,
    /// User properties.
    pub user_properties: UserProperties,
    /// The requested subscriptions, at least one.
    pub filters: Vec<SubscribeEntry>,
}

/// One requested subscription of a SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeEntry {
    /// The topic filter, or the requested text if it is not a valid filter.
    pub filter: Result<SubscriptionFilter, InvalidFilter>,
    /// The subscription options.
    pub options: SubscriptionOptions,
}

impl Subscribe {
    pub(crate) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let packet_id = reader.packet_id()?;
        let mut properties = PropertyList::default();
        if version.is_v5() {
            properties = PropertyList::read(reader, PacketContext::Subscribe)?;
        }
        let mut filters = Vec::new();
        while !reader.is_empty() {
            let filter = filter::read(reader)?;
            let options = SubscriptionOptions::read(reader, version)?;
            filters.push(SubscribeEntry { filter, options });
        }
        // [MQTT5-3.8.3-2] [MQTT3-3.8.3-3]
        if filters.is_empty() {
            return Err(Fault::NoFilters);
        }
        let identifier = properties.subscription_identifiers.first().copied();
        Ok(Self { packet_id, identifier, user_properties: properties.user, filters })
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        writer.u16(self.packet_id.get());
        if version.is_v5() {
            writer.length_prefixed(|writer| {
                writer.variable_property(PropertyId::SubscriptionIdentifier, self.identifier);
                writer.user_properties(&self.user_properties);
            });
        }
        if self.filters.is_empty() {
            writer.fail(EncodeError::Value("MQTT5-3.8.3-2"));
        }
        for entry in &self.filters {
            filter::write(&entry.filter, writer);
            writer.u8(entry.options.value(version));
        }
    }
}
