//! What a client did against the rules, once its bytes were well formed: one table of fault, reason code and statement.

use tidegate_mqtt::ReasonCode;

/// Declares the faults: name, reason code, statement, sentence.
macro_rules! violations {
    ($($name:ident: $reason:ident, $statement:literal, $text:literal;)*) => {
        /// A fault of the client that ends its connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Violation {
            $(#[doc = $text] #[error($text)] $name,)*
        }

        impl Violation {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason code for a DISCONNECT to an MQTT 5 client. `[MQTT5-4.13.1-1]`
            #[must_use]
            pub const fn reason(self) -> ReasonCode {
                match self { $(Self::$name => ReasonCode::$reason,)* }
            }

            /// The statement of the specification that was not kept.
            #[must_use]
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$name => $statement,)* }
            }
        }
    };
}

violations! {
    DuplicateConnect: ProtocolError, "MQTT5-3.1.0-2", "a second CONNECT on one connection";
    PacketOutOfPlace: ProtocolError, "MQTT5-4.13.1-1", "a packet that this side never takes here";
    KeepAliveTimeout: KeepAliveTimeout, "MQTT5-3.1.2-22", "nothing came for 1.5 times the keep alive";

    AliasNotAnnounced: TopicAliasInvalid, "MQTT5-3.2.2-18", "a topic alias where none was announced";
    AliasOutOfRange: TopicAliasInvalid, "MQTT5-3.2.2-17", "a topic alias of 0 or above the announced maximum";
    AliasUnknown: ProtocolError, "MQTT5-3.3.2-7", "a topic alias that this connection never set";
    IdentifierInPublish: ProtocolError, "MQTT5-3.3.4-6", "a subscription identifier in a client's PUBLISH";
    QoSNotSupported: QoSNotSupported, "MQTT5-3.2.2-11", "a PUBLISH above the announced maximum QoS";
    RetainNotSupported: RetainNotSupported, "MQTT5-3.2.2-14", "a retained PUBLISH where none are served";
    ReceiveMaximumExceeded: ReceiveMaximumExceeded, "MQTT5-3.3.4-7", "more open messages than the receive maximum";
    WrongAcknowledgement: ProtocolError, "MQTT5-4.13.1-1", "an acknowledgement of another QoS than the message";
    NoLocalOnShared: ProtocolError, "MQTT5-3.8.3-4", "No Local on a shared subscription";
    SharedNotServed: SharedSubscriptionsNotSupported, "MQTT5-4.13.1-1", "a shared subscription where none are served";
    WildcardNotServed: WildcardSubscriptionsNotSupported, "MQTT5-4.13.1-1", "a wildcard subscription where none are served";
    IdentifierNotServed: SubscriptionIdentifiersNotSupported, "MQTT5-4.13.1-1", "a subscription identifier where none are served";
    AuthUnasked: ProtocolError, "MQTT5-4.12.0-7", "AUTH without an authentication method in CONNECT";
    AuthOutOfPlace: ProtocolError, "MQTT5-4.12.0-3", "an AUTH that the exchange does not expect";
    AuthMethodChanged: ProtocolError, "MQTT5-4.12.1-1", "AUTH with another method than CONNECT";
    AuthRefused: NotAuthorized, "MQTT5-4.12.1-2", "the re-authentication failed";
    ExpiryRaised: ProtocolError, "MQTT5-4.13.1-1", "a session expiry in DISCONNECT after none in CONNECT";
}

#[cfg(test)]
mod tests;
