//! The table of all faults: reason code, statement id of MQTT 5.0, statement id of MQTT 3.1.1, message.

use crate::ReasonCode;

/// Declares the faults of the table below.
macro_rules! faults {
    ($($name:ident: $reason:ident, $statement_5:literal, $statement_3:literal, $text:literal;)*) => {
        /// A reason why bytes are not a valid packet.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $text] #[error($text)] $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the reason code to send to the peer.
            #[must_use]
            pub const fn reason(self) -> ReasonCode {
                match self { $(Self::$name => ReasonCode::$reason,)* }
            }

            /// Returns the id of the violated requirement of MQTT 5.0.
            #[must_use]
            pub const fn statement_v5(self) -> &'static str {
                match self { $(Self::$name => $statement_5,)* }
            }

            /// Returns the id of the violated requirement of MQTT 3.1.1.
            #[must_use]
            pub const fn statement_v3(self) -> &'static str {
                match self { $(Self::$name => $statement_3,)* }
            }
        }
    };
}

faults! {
    // Fields of any packet.
    Truncated: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "a field extends beyond the end of the packet";
    TrailingBytes: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "there are bytes after the last field";
    VariableLength: MalformedPacket, "MQTT5-1.5.5-1", "MQTT3-4.8.0-1", "a length does not use the shortest encoding or is longer than four bytes";
    TextEncoding: MalformedPacket, "MQTT5-1.5.4-1", "MQTT3-1.5.3-1", "a string is not valid UTF-8";
    TextNul: MalformedPacket, "MQTT5-1.5.4-2", "MQTT3-1.5.3-2", "a string contains U+0000";
    UserPropertyText: MalformedPacket, "MQTT5-1.5.7-1", "MQTT3-4.8.0-1", "a user property is not valid UTF-8 or contains U+0000";
    PacketIdZero: ProtocolError, "MQTT5-2.2.1-3", "MQTT3-2.3.1-1", "the packet identifier is zero";
    ReasonCode: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the reason code is not allowed in this packet";

    // The fixed header.
    PacketType: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the packet type is reserved";
    HeaderFlags: MalformedPacket, "MQTT5-2.1.3-1", "MQTT3-2.2.2-2", "the reserved header flags have the wrong value";
    PacketTooLarge: PacketTooLarge, "MQTT5-3.2.2-15", "MQTT3-4.8.0-1", "the packet is larger than the maximum packet size";
    NotConnect: ProtocolError, "MQTT5-3.1.0-1", "MQTT3-3.1.0-1", "the first packet is not a CONNECT";

    // Properties.
    PropertyUnknown: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the property identifier is unknown";
    PropertyMisplaced: MalformedPacket, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the property is not allowed in this packet";
    PropertyRepeated: ProtocolError, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the property may appear only once";
    PropertyValue: ProtocolError, "MQTT5-4.13.1-1", "MQTT3-4.8.0-1", "the value of the property is not allowed";
    AliasZero: TopicAliasInvalid, "MQTT5-3.3.2-8", "MQTT3-4.8.0-1", "the topic alias is zero";
    ResponseTopic: ProtocolError, "MQTT5-3.3.2-14", "MQTT3-4.8.0-1", "the response topic is not a valid topic name";
    AuthenticationMethodMissing: ProtocolError, "MQTT5-4.12.0-5", "MQTT3-4.8.0-1", "the authentication method is missing";

    // CONNECT.
    ProtocolName: UnsupportedProtocolVersion, "MQTT5-3.1.2-1", "MQTT3-3.1.2-1", "the protocol name is unknown";
    ProtocolLevel: UnsupportedProtocolVersion, "MQTT5-3.1.2-2", "MQTT3-3.1.2-2", "the protocol version is not supported";
    ConnectReserved: MalformedPacket, "MQTT5-3.1.2-3", "MQTT3-3.1.2-3", "the reserved connect flag is set";
    WillFlags: MalformedPacket, "MQTT5-3.1.2-11", "MQTT3-3.1.2-11", "will QoS or will retain is set, but there is no will";
    WillQoS: MalformedPacket, "MQTT5-3.1.2-12", "MQTT3-3.1.2-14", "the will QoS is 3";
    WillTopic: TopicNameInvalid, "MQTT5-4.7.0-1", "MQTT3-4.7.1-1", "the will topic is not a valid topic name";
    PasswordAlone: MalformedPacket, "MQTT5-3.1.2-19", "MQTT3-3.1.2-22", "there is a password, but no user name";

    // CONNACK.
    ConnAckFlags: MalformedPacket, "MQTT5-3.2.2-1", "MQTT3-3.2.2-1", "reserved connect acknowledge flags are set";
    SessionPresent: ProtocolError, "MQTT5-3.2.2-6", "MQTT3-3.2.2-4", "session present is set, but the connection is refused";

    // PUBLISH.
    PublishQoS: MalformedPacket, "MQTT5-3.3.1-4", "MQTT3-3.3.1-4", "the QoS is 3";
    PublishDup: MalformedPacket, "MQTT5-3.3.1-2", "MQTT3-3.3.1-2", "DUP is set, but the QoS is 0";
    TopicEmpty: ProtocolError, "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "the topic is empty";
    TopicWildcard: TopicNameInvalid, "MQTT5-3.3.2-2", "MQTT3-3.3.2-2", "the topic name contains a wildcard";

    // SUBSCRIBE and UNSUBSCRIBE.
    NoFilters: ProtocolError, "MQTT5-3.8.3-2", "MQTT3-3.8.3-3", "the SUBSCRIBE has no topic filter";
    NoUnsubscribeFilters: ProtocolError, "MQTT5-3.10.3-2", "MQTT3-3.10.3-2", "the UNSUBSCRIBE has no topic filter";
    FilterEmpty: ProtocolError, "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "the topic filter is empty";
    FilterInvalid: TopicFilterInvalid, "MQTT5-4.7.1-1", "MQTT3-4.7.1-2", "the topic filter is not valid";
    OptionsReserved: MalformedPacket, "MQTT5-3.8.3-5", "MQTT3-3.8.3-4", "reserved subscription option bits are set";
    OptionsValue: ProtocolError, "MQTT5-3.8.3-5", "MQTT3-3.8.3-4", "the QoS or the retain handling in the subscription options is 3";
    NoReasonCodes: ProtocolError, "MQTT5-3.8.4-6", "MQTT3-3.8.4-5", "the SUBACK or UNSUBACK has no reason codes";
}
