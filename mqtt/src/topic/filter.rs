//! The topic filter without the prefix of a shared subscription.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{LENGTH_MAX, TopicError, levels, matches};

/// A valid topic filter, without `$share/<share name>/`.
///
/// # Examples
///
/// ```
/// use tidegate_mqtt::topic::{Filter, TopicError};
///
/// let filter = Filter::parse("rooms/+/temperature")?;
/// assert!(filter.matches("rooms/1/temperature"));
/// assert!(!filter.matches("rooms/1/humidity"));
///
/// // `#` is allowed only as the last level.
/// assert_eq!(Filter::parse("rooms/#/temperature"), Err(TopicError::MultiLevelWildcard));
/// # Ok::<(), TopicError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter(Arc<str>);

impl Filter {
    /// Checks `text` and creates a filter.
    ///
    /// # Errors
    /// Returns the rule that the text violates. Use [`super::SubscriptionFilter`] for a text that begins with
    /// `$share/`.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        check_filter(text)?;
        Ok(Self(Arc::from(text)))
    }

    /// Returns the text of the filter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text of the filter as a shared pointer.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// Returns whether the filter contains `+` or `#`.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.0.contains(['+', '#'])
    }

    /// Returns whether the filter matches the topic `name`.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

impl Deref for Filter {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Filter {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

fn check_filter(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > LENGTH_MAX {
        return Err(TopicError::TooLong);
    }
    if text.as_bytes().contains(&0) {
        return Err(TopicError::Nul);
    }
    if text.starts_with(super::share::PREFIX) {
        return Err(TopicError::ShareFilter);
    }
    if has_misplaced_wildcard(text.as_bytes()) { misplaced_wildcard_error(text) } else { Ok(()) }
}

/// Returns whether a `+` is not a whole level or a `#` is not the whole last level `[MQTT5-4.7.1-1]` `[MQTT5-4.7.1-2]`
/// `[MQTT3-4.7.1-2]` `[MQTT3-4.7.1-3]`. Compares each byte with the byte before it.
fn has_misplaced_wildcard(text: &[u8]) -> bool {
    let before = [b'/'].into_iter().chain(text.iter().copied());
    before.zip(text).any(|pair| match pair {
        (b'#', _) => true,
        (b'+', after) => *after != b'/',
        (before, b'+' | b'#') => before != b'/',
        _ => false,
    })
}

/// Returns the error for the misplaced wildcard. May be called only if a wildcard is misplaced.
#[cold]
fn misplaced_wildcard_error(text: &str) -> Result<(), TopicError> {
    let mut rest = levels(text).peekable();
    while let Some(level) = rest.next() {
        if level.contains('#') && (level.len() > 1 || rest.peek().is_some()) {
            return Err(TopicError::MultiLevelWildcard);
        }
        if level.contains('+') && level.len() > 1 {
            return Err(TopicError::SingleLevelWildcard);
        }
    }
    Ok(())
}
