//! The errors of topic names and topic filters, with reason code and statement id.

use crate::ReasonCode;

/// The reason why a text is not a valid topic name, topic filter or share name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The text is empty.
    #[error("the topic is empty")]
    Empty,
    /// The text has more than 65,535 bytes.
    #[error("the topic is longer than 65,535 bytes")]
    TooLong,
    /// The text contains U+0000.
    #[error("the topic contains U+0000")]
    Nul,
    /// A topic name contains `+` or `#`.
    #[error("the topic name contains a wildcard")]
    WildcardInName,
    /// A `#` is not the whole last level.
    #[error("`#` is not the whole last level")]
    MultiLevelWildcard,
    /// A `+` is not a whole level.
    #[error("`+` is not a whole level")]
    SingleLevelWildcard,
    /// After `$share/`, the share name is empty or contains a wildcard.
    #[error("the share name is not valid")]
    ShareName,
    /// The text after `$share/name/` is empty or is another shared filter.
    #[error("the shared subscription has no valid topic filter")]
    ShareFilter,
}

impl TopicError {
    /// Returns the reason code of MQTT 5.0.
    #[must_use]
    pub const fn reason(self) -> ReasonCode {
        match self {
            Self::Nul => ReasonCode::MalformedPacket,
            Self::WildcardInName => ReasonCode::TopicNameInvalid,
            _ => ReasonCode::TopicFilterInvalid,
        }
    }

    /// Returns the id of the violated requirement.
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
