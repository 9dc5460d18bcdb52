//! Reason codes: a table with the value and name of each code and the packets in which it may appear. The module
//! `return_code` has the return codes of MQTT 3.x.

mod return_code;
#[cfg(test)]
mod tests;

use crate::property::PacketContext;

/// Declares the reason codes: value, name, packets, and a sentence that explains the code.
macro_rules! reason_codes {
    ($($value:literal $name:ident: $($context:ident)*, $text:literal;)*) => {
        /// A reason code of MQTT 5.0. Codes below 0x80 mean success.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ReasonCode {
            $(#[doc = $text] $name,)*
        }

        impl ReasonCode {
            /// Every code, in ascending order of value.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the wire value.
            #[must_use]
            pub const fn value(self) -> u8 {
                match self { $(Self::$name => $value,)* }
            }

            /// Returns a sentence that explains the code.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Returns the packets in which the code may appear, as a union of [`PacketContext::bit`].
            const fn contexts(self) -> u16 {
                match self { $(Self::$name => 0 $(| PacketContext::$context.bit())*,)* }
            }

            const fn from_byte(value: u8) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }
        }
    };
}

reason_codes! {
    0x00 Success: ConnAck PubAck PubRec PubRel PubComp SubAck UnsubAck Disconnect Auth, "Success. In DISCONNECT: normal disconnection. In SUBACK: QoS 0 is granted.";
    0x01 GrantedQoS1: SubAck, "The subscription is granted with at most QoS 1.";
    0x02 GrantedQoS2: SubAck, "The subscription is granted with at most QoS 2.";
    0x04 DisconnectWithWill: Disconnect, "The client disconnects and the server has to publish its will.";
    0x10 NoMatchingSubscribers: PubAck PubRec, "The message is accepted, but there are no matching subscribers.";
    0x11 NoSubscriptionExisted: UnsubAck, "The subscription did not exist.";
    0x18 ContinueAuthentication: Auth, "The authentication continues with another step.";
    0x19 ReAuthenticate: Auth, "The client starts a re-authentication.";
    0x80 UnspecifiedError: ConnAck PubAck PubRec SubAck UnsubAck Disconnect, "The reason is not disclosed, or no other code fits.";
    0x81 MalformedPacket: ConnAck Disconnect, "The packet cannot be parsed.";
    0x82 ProtocolError: ConnAck Disconnect, "The packet is not allowed at this point or violates the protocol.";
    0x83 ImplementationSpecificError: ConnAck PubAck PubRec SubAck UnsubAck Disconnect, "The packet is valid, but this implementation does not accept it.";
    0x84 UnsupportedProtocolVersion: ConnAck, "The protocol version is not supported.";
    0x85 ClientIdentifierNotValid: ConnAck, "The client identifier is not allowed.";
    0x86 BadUserNameOrPassword: ConnAck, "The user name or password is not accepted.";
    0x87 NotAuthorized: ConnAck PubAck PubRec SubAck UnsubAck Disconnect, "The client is not authorized to do this.";
    0x88 ServerUnavailable: ConnAck, "The server is not available.";
    0x89 ServerBusy: ConnAck Disconnect, "The server is busy; try again later.";
    0x8A Banned: ConnAck, "The client is banned.";
    0x8B ServerShuttingDown: Disconnect, "The server is shutting down.";
    0x8C BadAuthenticationMethod: ConnAck Disconnect, "The authentication method is not supported or differs from the one in use.";
    0x8D KeepAliveTimeout: Disconnect, "No packet arrived for 1.5 times the keep alive interval.";
    0x8E SessionTakenOver: Disconnect, "Another connection now uses the client identifier.";
    0x8F TopicFilterInvalid: SubAck UnsubAck Disconnect, "The topic filter is correctly formed, but not accepted.";
    0x90 TopicNameInvalid: ConnAck PubAck PubRec Disconnect, "The topic name is correctly formed, but not accepted.";
    0x91 PacketIdentifierInUse: PubAck PubRec SubAck UnsubAck, "The packet identifier is already in use.";
    0x92 PacketIdentifierNotFound: PubRel PubComp, "The packet identifier is unknown.";
    0x93 ReceiveMaximumExceeded: Disconnect, "More messages are unacknowledged than the receive maximum allows.";
    0x94 TopicAliasInvalid: Disconnect, "The topic alias is zero or above the maximum.";
    0x95 PacketTooLarge: ConnAck Disconnect, "The packet is larger than the receiver accepts.";
    0x96 MessageRateTooHigh: Disconnect, "The rate of incoming data is too high.";
    0x97 QuotaExceeded: ConnAck PubAck PubRec SubAck Disconnect, "A limit of the implementation or the operator is exceeded.";
    0x98 AdministrativeAction: Disconnect, "An operator closed the connection.";
    0x99 PayloadFormatInvalid: ConnAck PubAck PubRec Disconnect, "The payload does not match its format indicator.";
    0x9A RetainNotSupported: ConnAck Disconnect, "Retained messages are not supported.";
    0x9B QoSNotSupported: ConnAck Disconnect, "The QoS is above the announced maximum.";
    0x9C UseAnotherServer: ConnAck Disconnect, "The client should temporarily use another server.";
    0x9D ServerMoved: ConnAck Disconnect, "The client should permanently use another server.";
    0x9E SharedSubscriptionsNotSupported: SubAck Disconnect, "Shared subscriptions are not supported.";
    0x9F ConnectionRateExceeded: ConnAck Disconnect, "The rate of new connections is too high.";
    0xA0 MaximumConnectTime: Disconnect, "The connection has reached its maximum duration.";
    0xA1 SubscriptionIdentifiersNotSupported: SubAck Disconnect, "Subscription identifiers are not supported.";
    0xA2 WildcardSubscriptionsNotSupported: SubAck Disconnect, "Wildcard subscriptions are not supported.";
}

/// A byte that is not a reason code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:#04x} is not a reason code")]
pub struct InvalidReasonCode(pub u8);

impl ReasonCode {
    /// Returns whether the code is an error, that is, 0x80 or above.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.value() >= 0x80
    }

    /// Returns whether the specification allows the code in the packet `[MQTT5-3.2.2-8]` `[MQTT5-3.4.2-1]`
    /// `[MQTT5-3.14.2-1]`.
    #[must_use]
    pub const fn may_appear_in(self, context: PacketContext) -> bool {
        self.contexts() & context.bit() != 0
    }

    /// Returns the SUBACK code that grants `qos`.
    #[must_use]
    pub const fn granted(qos: crate::QoS) -> Self {
        match qos {
            crate::QoS::AtMostOnce => Self::Success,
            crate::QoS::AtLeastOnce => Self::GrantedQoS1,
            crate::QoS::ExactlyOnce => Self::GrantedQoS2,
        }
    }
}

impl TryFrom<u8> for ReasonCode {
    type Error = InvalidReasonCode;

    fn try_from(value: u8) -> Result<Self, InvalidReasonCode> {
        Self::from_byte(value).ok_or(InvalidReasonCode(value))
    }
}
