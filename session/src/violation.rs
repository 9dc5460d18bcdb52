//! Protocol violations in well-formed packets: a table of violations with reason code and statement id.

use tidegate_mqtt::ReasonCode;

/// Declares the violations: name, reason code, statement id, message.
macro_rules! violations {
    ($($name:ident: $reason:ident, $statement:literal, $text:literal;)*) => {
        /// A protocol violation by the client; the server closes the connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Violation {
            $(#[doc = $text] #[error($text)] $name,)*
        }

        impl Violation {
            /// All violations.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the reason code for a DISCONNECT to an MQTT 5 client. `[MQTT5-4.13.1-1]`
            #[must_use]
            pub const fn reason(self) -> ReasonCode {
                match self { $(Self::$name => ReasonCode::$reason,)* }
            }

            /// Returns the id of the statement in the specification that the client violated.
            #[must_use]
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$name => $statement,)* }
            }
        }
    };
}

violations! {
    DuplicateConnect: ProtocolError, "MQTT5-3.1.0-2", "the client sent a second CONNECT on one connection";
    PacketOutOfPlace: ProtocolError, "MQTT5-4.13.1-1",
        "the client sent a packet that the server does not accept here";
    KeepAliveTimeout: KeepAliveTimeout, "MQTT5-3.1.2-22", "the client sent nothing for 1.5 times the keep alive";

    AliasNotAnnounced: TopicAliasInvalid, "MQTT5-3.2.2-18",
        "the client used a topic alias, but the server announced no Topic Alias Maximum";
    AliasOutOfRange: TopicAliasInvalid, "MQTT5-3.2.2-17",
        "the client used a topic alias of 0 or above the announced Topic Alias Maximum";
    AliasUnknown: ProtocolError, "MQTT5-3.3.2-7",
        "the client used a topic alias that it has not set on this connection";
    IdentifierInPublish: ProtocolError, "MQTT5-3.3.4-6", "the client sent a subscription identifier in a PUBLISH";
    QoSNotSupported: QoSNotSupported, "MQTT5-3.2.2-11", "the client published above the announced Maximum QoS";
    RetainNotSupported: RetainNotSupported, "MQTT5-3.2.2-14",
        "the client sent a retained PUBLISH, but the server does not support retained messages";
    ReceiveMaximumExceeded: ReceiveMaximumExceeded, "MQTT5-3.3.4-7",
        "the client has more QoS 1 and 2 messages open than the announced Receive Maximum";
    WrongAcknowledgement: ProtocolError, "MQTT5-4.13.1-1",
        "the kind of acknowledgement does not fit the QoS of the message";
    NoLocalOnShared: ProtocolError, "MQTT5-3.8.3-4", "the client set No Local on a shared subscription";
    SharedNotServed: SharedSubscriptionsNotSupported, "MQTT5-4.13.1-1",
        "the client sent a shared subscription, but the server does not support them";
    WildcardNotServed: WildcardSubscriptionsNotSupported, "MQTT5-4.13.1-1",
        "the client sent a wildcard subscription, but the server does not support them";
    IdentifierNotServed: SubscriptionIdentifiersNotSupported, "MQTT5-4.13.1-1",
        "the client sent a subscription identifier, but the server does not support them";
    AuthUnasked: ProtocolError, "MQTT5-4.12.0-7",
        "the client sent AUTH, but its CONNECT named no authentication method";
    AuthOutOfPlace: ProtocolError, "MQTT5-4.12.0-3",
        "the client sent an AUTH that does not fit the state of the authentication exchange";
    AuthMethodChanged: ProtocolError, "MQTT5-4.12.1-1",
        "the client sent AUTH with a different authentication method than in CONNECT";
    AuthRefused: NotAuthorized, "MQTT5-4.12.1-2", "the client failed to re-authenticate";
    ExpiryRaised: ProtocolError, "MQTT5-4.13.1-1",
        "the client raised the session expiry in DISCONNECT, but CONNECT set it to 0";
}

#[cfg(test)]
mod tests;
