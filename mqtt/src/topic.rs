//! Topic names and topic filters: their syntax, their levels and which filter matches which name. Does not
//! manage subscriptions.

mod error;
mod filter;
mod levels;
mod matching;
mod name;
mod share;
#[cfg(test)]
mod tests;

pub use error::TopicError;
pub use filter::Filter;
pub use levels::levels;
pub use matching::matches;
pub(crate) use name::check_bytes as check_name_bytes;
pub use name::{Name, is_valid_name};
pub use share::{ShareName, SubscriptionFilter};

/// Maximum length of a topic name or filter in bytes: the largest value of a two-byte length.
pub const LENGTH_MAX: usize = 65_535;
