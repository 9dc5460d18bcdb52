//! The filter in a SUBSCRIBE: a topic filter, either alone or shared by a group as `$share/<share name>/<filter>`.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use super::{Filter, LENGTH_MAX, TopicError};

/// The name of a group that shares a subscription: at least one character, no `/`, `+` or `#`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareName(Arc<str>);

/// A filter as in SUBSCRIBE and UNSUBSCRIBE, with or without `$share/<share name>/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionFilter {
    /// The share name of the group; `None` for an ordinary subscription.
    pub share: Option<ShareName>,
    /// The topic filter.
    pub filter: Filter,
}

impl ShareName {
    /// Checks `text` and creates a share name.
    ///
    /// # Errors
    /// Returns [`TopicError::ShareName`] if the text is empty or contains a forbidden character `[MQTT5-4.8.2-1]`,
    /// `[MQTT5-4.8.2-2]`; [`TopicError::Nul`] if it contains U+0000.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        match text {
            "" => Err(TopicError::ShareName),
            bad if bad.contains(['/', '+', '#']) => Err(TopicError::ShareName),
            nul if nul.contains('\0') => Err(TopicError::Nul),
            good => Ok(Self(Arc::from(good))),
        }
    }

    /// Returns the text of the share name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SubscriptionFilter {
    /// Parses the text of a filter in SUBSCRIBE, such as `a/#` or `$share/group/a/#`.
    ///
    /// # Errors
    /// Returns the rule that the text violates.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        if text.len() > LENGTH_MAX {
            return Err(TopicError::TooLong);
        }
        let Some(shared) = text.strip_prefix(PREFIX) else {
            return Ok(Self { share: None, filter: Filter::parse(text)? });
        };
        let (share, filter) = shared.split_once('/').unwrap_or((shared, ""));
        let share = Some(ShareName::parse(share)?);
        match filter {
            "" => Err(TopicError::ShareFilter),
            filter => Ok(Self { share, filter: Filter::parse(filter)? }),
        }
    }

    /// Returns whether the filter is that of a shared subscription.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.share.is_some()
    }
}

impl FromStr for SubscriptionFilter {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

impl From<Filter> for SubscriptionFilter {
    fn from(filter: Filter) -> Self {
        Self { share: None, filter }
    }
}

impl Deref for ShareName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShareName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ShareName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SubscriptionFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.share {
            Some(share) => write!(f, "{PREFIX}{share}/{}", self.filter),
            None => self.filter.fmt(f),
        }
    }
}

impl fmt::Debug for SubscriptionFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The prefix of a shared subscription's filter.
pub(super) const PREFIX: &str = "$share/";
