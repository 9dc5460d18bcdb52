//! A disk that is full, broken, or holds something else: nothing is acknowledged falsely, what needs no disk goes on, what was
//! acknowledged is there afterwards, and the log says why.

#![allow(clippy::expect_used, clippy::panic)]

mod failed;
mod fetching;
mod full;
mod limit;
mod reading;
mod refused;
mod resting;
mod start;
mod world;
