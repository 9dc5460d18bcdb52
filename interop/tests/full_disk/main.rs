//! Tests with a disk that is really full, in contrast to tests in which single system calls fail. Because the store
//! reserves disk space in advance, the broker starts without any free space, answers messages in flight, and delivers
//! stored messages.

#![allow(clippy::expect_used, clippy::panic)]

mod commands;
mod first_start;
mod harness;
mod in_flight;
mod start;
