//! The packet identifier, which is never zero. The session manages which identifiers are in use.

use std::fmt;
use std::num::NonZeroU16;

/// A packet identifier, 1 to 65,535 `[MQTT5-2.2.1-3]` `[MQTT3-2.3.1-1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(NonZeroU16);

impl PacketId {
    /// The first identifier.
    pub const MIN: Self = Self(NonZeroU16::MIN);
    /// The last identifier. [`PacketId::MIN`] follows it.
    pub const MAX: Self = Self(NonZeroU16::MAX);

    /// Creates an identifier. Returns `None` for 0.
    #[must_use]
    pub const fn new(value: u16) -> Option<Self> {
        match NonZeroU16::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// Returns the wire value.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Returns the next identifier; 1 after 65,535.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(value) => Self(value),
            None => Self::MIN,
        }
    }
}

impl fmt::Display for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
