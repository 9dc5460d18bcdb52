//! A disk without any free space, not only calls that fail as if there were none. What the store needs is reserved before: the
//! broker starts, answers what is in flight, and delivers what is stored, with nothing free.

#![allow(clippy::expect_used, clippy::panic)]

mod first_start;
mod harness;
mod in_flight;
mod start;
