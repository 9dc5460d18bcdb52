//! Finds the receivers of a message: topic trie, shared subscriptions and retained messages.
//!
//! The crate is pure: no clock, no sockets, no tasks. Callers pass in the time and random numbers.
#![cfg_attr(test, allow(clippy::as_conversions))]

mod config;
#[cfg(test)]
mod finished_flag;
mod group;
mod retained;
mod route;
mod router;
mod subscriber_set;
mod subscription;
mod trie;

pub use config::{Config, Strategy};
pub use group::{Group, MemberState, Picked};
pub use retained::{Cursor, RetainedConfig, RetainedStore, Verdict};
pub use route::{Delivery, Grants, Route};
pub use router::{Existed, Router, SubscribeError};
pub use subscription::{Grant, Subscriber};
