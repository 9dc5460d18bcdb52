//! The properties of one packet, checked and accessible by identifier. `PublishView` does not use this list.

use bytes::Bytes;

use super::{PacketContext, Properties, PropertyId, UserProperties, Value};
use crate::error::Fault;
use crate::reader::Reader;

/// The properties of one packet. `single` has at most 25 entries, because it contains only properties that may not
/// repeat.
#[derive(Debug, Default)]
pub(crate) struct PropertyList<'a> {
    single: Vec<(PropertyId, Value<'a>)>,
    /// User properties.
    pub(crate) user: UserProperties,
    /// Subscription identifiers.
    pub(crate) subscription_identifiers: Vec<u32>,
}

impl<'a> PropertyList<'a> {
    /// Reads the length of the properties and then the properties `[MQTT5-2.2.2-1]`.
    pub(crate) fn read(reader: &mut Reader<'a>, context: PacketContext) -> Result<Self, Fault> {
        Self::decode(reader.section()?, context)
    }

    pub(crate) fn decode(bytes: &'a [u8], context: PacketContext) -> Result<Self, Fault> {
        let mut list = Self::default();
        let mut scan = Properties::new(bytes, context);
        let mut before = scan.rest();
        while let Some((id, value)) = scan.try_next()? {
            let size = before.len() - scan.rest().len();
            match (id, value) {
                (PropertyId::UserProperty, _) => list.user.push_wire(before.get(..size).unwrap_or_default()),
                (PropertyId::SubscriptionIdentifier, Value::Number(identifier)) => {
                    list.subscription_identifiers.push(identifier)
                }
                single => list.single.push(single),
            }
            before = scan.rest();
        }
        list.check_authentication()?;
        Ok(list)
    }

    pub(crate) fn number(&self, id: PropertyId) -> Option<u32> {
        match self.value(id) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn u16_number(&self, id: PropertyId) -> Option<u16> {
        self.number(id).and_then(|number| u16::try_from(number).ok())
    }

    pub(crate) fn flag(&self, id: PropertyId) -> Option<bool> {
        self.number(id).map(|number| number != 0)
    }

    pub(crate) fn text(&self, id: PropertyId) -> Option<String> {
        match self.value(id) {
            Some(Value::Text(text)) => Some(text.to_owned()),
            _ => None,
        }
    }

    pub(crate) fn binary(&self, id: PropertyId) -> Option<Bytes> {
        match self.value(id) {
            Some(Value::Binary(bytes)) => Some(Bytes::copy_from_slice(bytes)),
            _ => None,
        }
    }

    /// Checks that there is no authentication data without an authentication method (section 3.1.2.11.10).
    fn check_authentication(&self) -> Result<(), Fault> {
        let method = self.value(PropertyId::AuthenticationMethod);
        let data = self.value(PropertyId::AuthenticationData);
        if data.is_some() && method.is_none() { Err(Fault::AuthenticationMethodMissing) } else { Ok(()) }
    }

    fn value(&self, id: PropertyId) -> Option<Value<'a>> {
        self.single.iter().find(|(found, _)| *found == id).map(|(_, value)| *value)
    }
}
