//! Topic names and topic filters: what is valid, how they split into levels and when they match. Not: who subscribes.

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

/// The longest topic name or filter in bytes: what a two-byte length can say.
pub const LENGTH_MAX: usize = 65_535;
