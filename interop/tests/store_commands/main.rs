//! `snapshot`, `restore`, `store check` and `store stats` on the store of a broker that works.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod busy;
mod command;
mod refusals;
mod reports;
