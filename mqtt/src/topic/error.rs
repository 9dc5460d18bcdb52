//! What can be wrong with a topic name or filter, with the reason code and the statement behind it.

use crate::ReasonCode;

/// A text that is no topic name, topic filter or share name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// No character at all.
    #[error("empty topic")]
    Empty,
    /// More than 65,535 bytes.
    #[error("topic longer than 65,535 bytes")]
    TooLong,
    /// U+0000 inside.
    #[error("topic holds U+0000")]
    Nul,
    /// `+` or `#` in a topic name.
    #[error("wildcard in a topic name")]
    WildcardInName,
    /// `#` that is not alone in the last level.
    #[error("# is not a whole level at the end")]
    MultiLevelWildcard,
    /// `+` that is not alone in its level.
    #[error("+ does not fill its level")]
    SingleLevelWildcard,
    /// `$share/` without a share name, or one with a wildcard.
    #[error("bad share name")]
    ShareName,
    /// `$share/name` without a filter behind it, or with another shared filter.
    #[error("shared subscription without a filter")]
    ShareFilter,
}

impl TopicError {
    /// The reason code of MQTT 5.0 for it.
    #[must_use]
    pub const fn reason(self) -> ReasonCode {
        match self {
            Self::Nul => ReasonCode::MalformedPacket,
            Self::WildcardInName => ReasonCode::TopicNameInvalid,
            _ => ReasonCode::TopicFilterInvalid,
        }
    }

    /// The requirement that is broken.
    #[must_use]
    pub const fn statement(self) -> &'static str {
        match self {
            Self::Empty => "MQTT5-4.7.3-1",
            Self::TooLong => "MQTT5-4.7.3-3",
            Self::Nul => "MQTT5-4.7.3-2",
            Self::WildcardInName => "MQTT5-4.7.0-1",
            Self::MultiLevelWildcard => "MQTT5-4.7.1-1",
            Self::SingleLevelWildcard => "MQTT5-4.7.1-2",
            Self::ShareName => "MQTT5-4.8.2-1",
            Self::ShareFilter => "MQTT5-4.8.2-2",
        }
    }
}
