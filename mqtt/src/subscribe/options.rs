//! The subscription options, one byte per filter.

use crate::error::Fault;
use crate::reader::Reader;
use crate::{ProtocolVersion, QoS};

/// The options of one requested subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SubscriptionOptions {
    /// The maximum QoS that the client requests.
    pub qos: QoS,
    /// No Local: the client does not receive messages that it published itself.
    pub no_local: bool,
    /// Retain As Published: forwarded messages keep the RETAIN flag of the publisher.
    pub retain_as_published: bool,
    /// Retain Handling: which retained messages the server sends in response to SUBSCRIBE.
    pub retain_handling: RetainHandling,
}

/// The retained messages that the server sends in response to a SUBSCRIBE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RetainHandling {
    /// All matching messages `[MQTT5-3.3.1-9]`.
    #[default]
    Send,
    /// All matching messages, but only if the subscription is new `[MQTT5-3.3.1-10]`.
    SendIfNew,
    /// No messages `[MQTT5-3.3.1-11]`.
    Never,
}

impl RetainHandling {
    /// Returns the wire value.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Send => 0,
            Self::SendIfNew => 1,
            Self::Never => 2,
        }
    }

    const fn from_bits(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Send),
            1 => Some(Self::SendIfNew),
            2 => Some(Self::Never),
            _ => None,
        }
    }
}

impl SubscriptionOptions {
    /// Creates options with only a QoS. In MQTT 3.x, there are no other options.
    #[must_use]
    pub const fn with_qos(qos: QoS) -> Self {
        Self { qos, no_local: false, retain_as_published: false, retain_handling: RetainHandling::Send }
    }

    /// Reads the byte of subscription options `[MQTT5-3.8.3-5]` `[MQTT3-3.8.3-4]`.
    pub(super) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let byte = reader.u8()?;
        let reserved = if version.is_v5() { 0b1100_0000 } else { 0b1111_1100 };
        if byte & reserved != 0 {
            return Err(Fault::OptionsReserved);
        }
        Ok(Self {
            qos: QoS::try_from(byte & 0b11).map_err(|_| Fault::OptionsValue)?,
            no_local: byte & NO_LOCAL_BIT != 0,
            retain_as_published: byte & RETAIN_AS_PUBLISHED_BIT != 0,
            retain_handling: RetainHandling::from_bits(byte >> RETAIN_HANDLING_SHIFT)
                .ok_or(Fault::OptionsValue)?,
        })
    }

    /// Returns the byte of subscription options. In MQTT 3.x it contains only the QoS.
    pub(super) const fn value(self, version: ProtocolVersion) -> u8 {
        if !version.is_v5() {
            return self.qos.value();
        }
        let no_local = if self.no_local { NO_LOCAL_BIT } else { 0 };
        let retain_as_published = if self.retain_as_published { RETAIN_AS_PUBLISHED_BIT } else { 0 };
        self.qos.value()
            | no_local
            | retain_as_published
            | self.retain_handling.value() << RETAIN_HANDLING_SHIFT
    }
}

const NO_LOCAL_BIT: u8 = 0b0100;
const RETAIN_AS_PUBLISHED_BIT: u8 = 0b1000;
const RETAIN_HANDLING_SHIFT: u8 = 4;
