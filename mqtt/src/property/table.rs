//! The table of all 27 properties: identifier, name, wire type, contexts, repetition, allowed values.

use super::{AllowedValues, PacketContext, WireType};

/// The rules for one property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertySpec {
    /// The property.
    pub id: PropertyId,
    /// The wire type of its value.
    pub wire_type: WireType,
    /// The contexts in which the property may appear, as a union of [`PacketContext::bit`].
    pub contexts: u16,
    /// The contexts in which the property may appear more than once, as a union of [`PacketContext::bit`].
    pub repeatable_in: u16,
    /// The values of the wire type that are allowed.
    pub allowed_values: AllowedValues,
}

/// Declares the properties of the table below.
macro_rules! properties {
    ($($value:literal $name:ident $wire_type:ident $allowed_values:ident $repeat:ident: $($context:ident)*, $text:literal;)*) => {
        /// The identifier of a property.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PropertyId {
            $(#[doc = $text] $name,)*
        }

        impl PropertyId {
            /// Every property, in ascending order of identifier.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the wire value of the identifier.
            #[must_use]
            pub const fn value(self) -> u8 {
                match self { $(Self::$name => $value,)* }
            }

            /// Returns the name of the property in the specification.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Returns the property with this identifier, if it exists.
            #[must_use]
            pub const fn from_value(value: u32) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }

            /// Returns the rules for this property.
            #[must_use]
            pub const fn spec(self) -> PropertySpec {
                match self {
                    $(Self::$name => PropertySpec {
                        id: self,
                        wire_type: WireType::$wire_type,
                        contexts: 0 $(| PacketContext::$context.bit())*,
                        repeatable_in: $repeat,
                        allowed_values: AllowedValues::$allowed_values,
                    },)*
                }
            }
        }
    };
}

properties! {
    0x01 PayloadFormatIndicator Byte Flag REPEATS_NOWHERE: Publish Will, "Payload Format Indicator";
    0x02 MessageExpiryInterval FourByte Any REPEATS_NOWHERE: Publish Will, "Message Expiry Interval";
    0x03 ContentType Text Any REPEATS_NOWHERE: Publish Will, "Content Type";
    0x08 ResponseTopic Text TopicName REPEATS_NOWHERE: Publish Will, "Response Topic";
    0x09 CorrelationData Binary Any REPEATS_NOWHERE: Publish Will, "Correlation Data";
    0x0B SubscriptionIdentifier Variable NonZero REPEATS_IN_PUBLISH: Publish Subscribe, "Subscription Identifier";
    0x11 SessionExpiryInterval FourByte Any REPEATS_NOWHERE: Connect ConnAck Disconnect, "Session Expiry Interval";
    0x12 AssignedClientIdentifier Text Any REPEATS_NOWHERE: ConnAck, "Assigned Client Identifier";
    0x13 ServerKeepAlive TwoByte Any REPEATS_NOWHERE: ConnAck, "Server Keep Alive";
    0x15 AuthenticationMethod Text Any REPEATS_NOWHERE: Connect ConnAck Auth, "Authentication Method";
    0x16 AuthenticationData Binary Any REPEATS_NOWHERE: Connect ConnAck Auth, "Authentication Data";
    0x17 RequestProblemInformation Byte Flag REPEATS_NOWHERE: Connect, "Request Problem Information";
    0x18 WillDelayInterval FourByte Any REPEATS_NOWHERE: Will, "Will Delay Interval";
    0x19 RequestResponseInformation Byte Flag REPEATS_NOWHERE: Connect, "Request Response Information";
    0x1A ResponseInformation Text Any REPEATS_NOWHERE: ConnAck, "Response Information";
    0x1C ServerReference Text Any REPEATS_NOWHERE: ConnAck Disconnect, "Server Reference";
    0x1F ReasonString Text Any REPEATS_NOWHERE: ConnAck PubAck PubRec PubRel PubComp SubAck UnsubAck Disconnect Auth, "Reason String";
    0x21 ReceiveMaximum TwoByte NonZero REPEATS_NOWHERE: Connect ConnAck, "Receive Maximum";
    0x22 TopicAliasMaximum TwoByte Any REPEATS_NOWHERE: Connect ConnAck, "Topic Alias Maximum";
    0x23 TopicAlias TwoByte Alias REPEATS_NOWHERE: Publish, "Topic Alias";
    0x24 MaximumQoS Byte Flag REPEATS_NOWHERE: ConnAck, "Maximum QoS";
    0x25 RetainAvailable Byte Flag REPEATS_NOWHERE: ConnAck, "Retain Available";
    0x26 UserProperty Pair Any REPEATS_ANYWHERE: Connect Will ConnAck Publish PubAck PubRec PubRel PubComp Subscribe SubAck Unsubscribe UnsubAck Disconnect Auth, "User Property";
    0x27 MaximumPacketSize FourByte NonZero REPEATS_NOWHERE: Connect ConnAck, "Maximum Packet Size";
    0x28 WildcardSubscriptionAvailable Byte Flag REPEATS_NOWHERE: ConnAck, "Wildcard Subscription Available";
    0x29 SubscriptionIdentifierAvailable Byte Flag REPEATS_NOWHERE: ConnAck, "Subscription Identifier Available";
    0x2A SharedSubscriptionAvailable Byte Flag REPEATS_NOWHERE: ConnAck, "Shared Subscription Available";
}

impl PropertyId {
    /// Returns whether a PUBLISH property is forwarded unchanged from the publisher to every receiver.
    #[must_use]
    pub const fn is_forwardable(self) -> bool {
        use PropertyId::{MessageExpiryInterval, SubscriptionIdentifier, TopicAlias};
        let is_for_one = matches!(self, TopicAlias | SubscriptionIdentifier | MessageExpiryInterval);
        self.spec().may_appear_in(PacketContext::Publish) && !is_for_one
    }
}

impl PropertySpec {
    /// Returns whether the property may appear in `context`.
    #[must_use]
    pub const fn may_appear_in(&self, context: PacketContext) -> bool {
        self.contexts & context.bit() != 0
    }

    /// Returns whether the property may appear more than once in `context`.
    #[must_use]
    pub const fn may_repeat_in(&self, context: PacketContext) -> bool {
        self.repeatable_in & context.bit() != 0
    }
}

// Sets of contexts in which a property may repeat.
const REPEATS_NOWHERE: u16 = 0;
const REPEATS_IN_PUBLISH: u16 = PacketContext::Publish.bit();
const REPEATS_ANYWHERE: u16 = u16::MAX;
