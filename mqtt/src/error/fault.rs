//! The table of everything that can be wrong with bytes: reason code, statement of 5.0, statement of 3.1.1, text.

use crate::ReasonCode;

/// Declares the faults.
macro_rules! faults {
    ($($name:ident: $reason:ident, $five:literal, $three:literal, $text:literal;)*) => {
        /// One way in which bytes are no valid packet.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $text] #[error($text)] $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason code that tells the peer.
            #[must_use]
            pub const fn reason(self) -> ReasonCode {
                match self { $(Self::$name => ReasonCode::$reason,)* }
            }

            /// The requirement of 5.0 that is broken.
            #[must_use]
            pub const fn statement_5(self) -> &'static str {
                match self { $(Self::$name => $five,)* }
            }

            /// The requirement of 3.1.1 that is broken.
            #[must_use]
            pub const fn statement_3(self) -> &'static str {
                match self { $(Self::$name => $three,)* }
            }
        }
    };
}

faults! {
    // Fields, whatever the packet.
    Truncated: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "a field goes beyond the end of the packet";
    TrailingBytes: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "bytes are left after the last field";
    VariableLength: MalformedPacket, "MQTT5-1.5.5-1", "MQTT3-4.8.0-1", "a length does not use the shortest encoding or is longer than four bytes";
    TextEncoding: MalformedPacket, "MQTT5-1.5.4-1", "MQTT3-1.5.3-1", "a text is not UTF-8";
    TextNul: MalformedPacket, "MQTT5-1.5.4-2", "MQTT3-1.5.3-2", "a text holds U+0000";
    UserPropertyText: MalformedPacket, "MQTT5-1.5.7-1", "MQTT3-4.8.0-1", "a user property is not valid text";
    PacketIdZero: ProtocolError, "MQTT5-2.2.1-3", "MQTT3-2.3.1-1", "the packet identifier is zero";
    ReasonCode: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the reason code is not one of this packet";

    // The fixed header.
    PacketType: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the packet type is reserved";
    HeaderFlags: MalformedPacket, "MQTT5-2.1.3-1", "MQTT3-2.2.2-2", "the reserved header flags have the wrong value";
    PacketTooLarge: PacketTooLarge, "MQTT5-3.2.2-15", "MQTT3-4.8.0-1", "the packet is larger than accepted here";
    NotConnect: ProtocolError, "MQTT5-3.1.0-1", "MQTT3-3.1.0-1", "the first packet is not a CONNECT";

    // Properties.
    PropertyUnknown: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "there is no property with this identifier";
    PropertyMisplaced: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the property does not belong into this packet";
    PropertyRepeated: ProtocolError, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the property may stand only once";
    PropertyValue: ProtocolError, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the property has a value that is not allowed";
    AliasZero: TopicAliasInvalid, "MQTT5-3.3.2-8", "MQTT3-4.8.0-1", "the topic alias is zero";
    ResponseTopic: ProtocolError, "MQTT5-3.3.2-14", "MQTT3-4.8.0-1", "the response topic is not a topic name";
    AuthenticationMethodMissing: ProtocolError, "MQTT5-4.12.0-5", "MQTT3-4.8.0-1", "the authentication method is missing";

    // CONNECT.
    ProtocolName: UnsupportedProtocolVersion, "MQTT5-3.1.2-1", "MQTT3-3.1.2-1", "the protocol name is unknown";
    ProtocolLevel: UnsupportedProtocolVersion, "MQTT5-3.1.2-2", "MQTT3-3.1.2-2", "the protocol version is not supported";
    ConnectReserved: MalformedPacket, "MQTT5-3.1.2-3", "MQTT3-3.1.2-3", "the reserved connect flag is set";
    WillFlags: MalformedPacket, "MQTT5-3.1.2-11", "MQTT3-3.1.2-11", "will QoS or will retain without a will";
    WillQoS: MalformedPacket, "MQTT5-3.1.2-12", "MQTT3-3.1.2-14", "the will QoS is 3";
    WillTopic: TopicNameInvalid, "MQTT5-4.7.0-1", "MQTT3-4.7.1-1", "the will topic is not a topic name";
    PasswordAlone: MalformedPacket, "MQTT5-3.1.2-19", "MQTT3-3.1.2-22", "a password without a user name";

    // CONNACK.
    ConnAckFlags: MalformedPacket, "MQTT5-3.2.2-1", "MQTT3-3.2.2-1", "reserved acknowledge flags are set";
    SessionPresent: ProtocolError, "MQTT5-3.2.2-6", "MQTT3-3.2.2-4", "session present in a refusal";

    // PUBLISH.
    PublishQoS: MalformedPacket, "MQTT5-3.3.1-4", "MQTT3-3.3.1-4", "the QoS is 3";
    PublishDup: MalformedPacket, "MQTT5-3.3.1-2", "MQTT3-3.3.1-2", "DUP on QoS 0";
    TopicEmpty: ProtocolError, "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "the topic is empty";
    TopicWildcard: TopicNameInvalid, "MQTT5-3.3.2-2", "MQTT3-3.3.2-2", "a wildcard in the topic name";

    // SUBSCRIBE and UNSUBSCRIBE.
    NoFilters: ProtocolError, "MQTT5-3.8.3-2", "MQTT3-3.8.3-3", "no topic filter in SUBSCRIBE";
    NoUnsubscribeFilters: ProtocolError, "MQTT5-3.10.3-2", "MQTT3-3.10.3-2", "no topic filter in UNSUBSCRIBE";
    FilterEmpty: ProtocolError, "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "the topic filter is empty";
    FilterInvalid: TopicFilterInvalid, "MQTT5-4.7.1-1", "MQTT3-4.7.1-2", "the topic filter is not valid";
    OptionsReserved: MalformedPacket, "MQTT5-3.8.3-5", "MQTT3-3.8.3-4", "reserved subscription option bits are set";
    OptionsValue: ProtocolError, "MQTT5-3.8.3-5", "MQTT3-3.8.3-4", "QoS 3 or retain handling 3 in the subscription options";
    NoReasonCodes: ProtocolError, "MQTT5-3.8.4-6", "MQTT3-3.8.4-5", "an acknowledgement without a code for each filter";
}
