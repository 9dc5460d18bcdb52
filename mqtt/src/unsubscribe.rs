//! UNSUBSCRIBE: the topic filters whose subscriptions end.

use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, PropertyList, UserProperties};
use crate::reader::Reader;
use crate::subscribe::{self, InvalidFilter};
use crate::topic::SubscriptionFilter;
use crate::writer::Writer;
use crate::{PacketId, ProtocolVersion};

/// An UNSUBSCRIBE packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The packet identifier, which UNSUBACK repeats.
    pub packet_id: PacketId,
    /// User properties.
    pub user_properties: UserProperties,
    /// The filters, at least one. In MQTT 3.x all filters are valid, because UNSUBACK cannot refuse a single filter.
    pub filters: Vec<Result<SubscriptionFilter, InvalidFilter>>,
}

impl Unsubscribe {
    pub(crate) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let packet_id = reader.packet_id()?;
        let mut properties = PropertyList::default();
        if version.is_v5() {
            properties = PropertyList::read(reader, PacketContext::Unsubscribe)?;
        }
        let mut filters = Vec::new();
        while !reader.is_empty() {
            let filter = subscribe::read_filter(reader)?;
            // [MQTT3-4.7.1-2] [MQTT3-4.7.1-3]
            if filter.is_err() && !version.is_v5() {
                return Err(Fault::FilterInvalid);
            }
            filters.push(filter);
        }
        // [MQTT5-3.10.3-2] [MQTT3-3.10.3-2]
        if filters.is_empty() {
            return Err(Fault::NoUnsubscribeFilters);
        }
        Ok(Self { packet_id, user_properties: properties.user, filters })
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        writer.u16(self.packet_id.get());
        if version.is_v5() {
            writer.length_prefixed(|writer| writer.user_properties(&self.user_properties));
        }
        if self.filters.is_empty() {
            writer.fail(EncodeError::Value("MQTT5-3.10.3-2"));
        }
        for filter in &self.filters {
            subscribe::write_filter(filter, writer);
        }
    }
}
