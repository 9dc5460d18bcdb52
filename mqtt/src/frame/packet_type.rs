//! The fifteen packet types, and the header flags that each type may have.

use crate::ProtocolVersion;
use crate::error::Fault;

/// Declares the packet types with their wire values.
macro_rules! packet_types {
    ($($value:literal $name:ident $text:literal;)*) => {
        /// The type of a control packet.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PacketType {
            $(#[doc = $text] $name,)*
        }

        impl PacketType {
            /// Every packet type.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the wire value, 1 to 15.
            #[must_use]
            pub const fn value(self) -> u8 {
                match self { $(Self::$name => $value,)* }
            }

            /// Returns the name as written in the specification.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            const fn from_value(value: u8) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }
        }
    };
}

packet_types! {
    1 Connect "CONNECT";
    2 ConnAck "CONNACK";
    3 Publish "PUBLISH";
    4 PubAck "PUBACK";
    5 PubRec "PUBREC";
    6 PubRel "PUBREL";
    7 PubComp "PUBCOMP";
    8 Subscribe "SUBSCRIBE";
    9 SubAck "SUBACK";
    10 Unsubscribe "UNSUBSCRIBE";
    11 UnsubAck "UNSUBACK";
    12 PingReq "PINGREQ";
    13 PingResp "PINGRESP";
    14 Disconnect "DISCONNECT";
    15 Auth "AUTH";
}

impl PacketType {
    /// Returns the first byte of a packet of this type. For PUBLISH, the flags in this byte are 0.
    #[must_use]
    pub const fn first_byte(self) -> u8 {
        self.value() << 4 | self.flags()
    }

    /// Returns the packet type with this wire value. AUTH exists only in MQTT 5.0.
    #[inline]
    pub(crate) const fn from_bits(value: u8, version: ProtocolVersion) -> Option<Self> {
        match Self::from_value(value) {
            Some(Self::Auth) if !version.is_v5() => None,
            found => found,
        }
    }

    /// Checks the flags of the fixed header. `[MQTT5-2.1.3-1]` `[MQTT3-2.2.2-1]` `[MQTT5-3.6.1-1]` `[MQTT5-3.8.1-1]`
    /// `[MQTT5-3.10.1-1]` `[MQTT5-3.14.1-1]` `[MQTT5-3.15.1-1]`
    #[inline]
    pub(crate) const fn check_flags(self, flags: u8, version: ProtocolVersion) -> Result<(), Fault> {
        match self {
            // QoS: [MQTT5-3.3.1-4] [MQTT3-3.3.1-4]. DUP: [MQTT5-3.3.1-2] [MQTT3-3.3.1-2].
            Self::Publish => match flags & 0b1110 {
                0b0110 | 0b1110 => Err(Fault::PublishQoS),
                0b1000 => Err(Fault::PublishDup),
                _ => Ok(()),
            },
            _ if flags == self.flags() => Ok(()),
            // In MQTT 3.1, a retransmitted PUBREL, SUBSCRIBE or UNSUBSCRIBE has the DUP flag.
            _ if matches!(version, ProtocolVersion::V3_1) && self.flags() == 0b0010 && flags == 0b1010 => {
                Ok(())
            }
            _ => Err(Fault::HeaderFlags),
        }
    }

    const fn flags(self) -> u8 {
        match self {
            Self::PubRel | Self::Subscribe | Self::Unsubscribe => 0b0010,
            _ => 0,
        }
    }
}
