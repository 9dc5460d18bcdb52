//! The contexts in which properties and reason codes can appear: thirteen packets, and the will inside CONNECT.

/// The packet, or the will inside CONNECT, in which a property or a reason code appears. A union of
/// [`PacketContext::bit`] values is a set of contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PacketContext {
    /// CONNECT, before the payload.
    Connect,
    /// The will properties in the payload of CONNECT.
    Will,
    /// CONNACK.
    ConnAck,
    /// PUBLISH.
    Publish,
    /// PUBACK.
    PubAck,
    /// PUBREC.
    PubRec,
    /// PUBREL.
    PubRel,
    /// PUBCOMP.
    PubComp,
    /// SUBSCRIBE.
    Subscribe,
    /// SUBACK.
    SubAck,
    /// UNSUBSCRIBE.
    Unsubscribe,
    /// UNSUBACK.
    UnsubAck,
    /// DISCONNECT.
    Disconnect,
    /// AUTH.
    Auth,
}

impl PacketContext {
    /// Every context.
    pub const ALL: [Self; 14] = [
        Self::Connect,
        Self::Will,
        Self::ConnAck,
        Self::Publish,
        Self::PubAck,
        Self::PubRec,
        Self::PubRel,
        Self::PubComp,
        Self::Subscribe,
        Self::SubAck,
        Self::Unsubscribe,
        Self::UnsubAck,
        Self::Disconnect,
        Self::Auth,
    ];

    /// Returns the context as one bit of a set.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "a fieldless enum with repr(u8) has no other const conversion")]
    pub const fn bit(self) -> u16 {
        1 << (self as u8)
    }
}
