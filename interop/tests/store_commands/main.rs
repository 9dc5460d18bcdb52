//! Tests the commands `snapshot`, `restore`, `store check` and `store stats`, also while a broker uses the store.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod busy;
mod command;
mod refusals;
mod reports;
